// The entry of a front thread: puts the parts of a front together (see `front.ts`), listens, follows notices, reloads, drains.

import type { Server, Socket } from 'node:net';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { encodeBase32 } from '../base/base32.ts';
import { messageIdSource } from '../base/message-id.ts';
import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import { configuredMailboxes, createMailboxes } from '../identity/mailboxes.ts';
import { createVerifiedLogins } from '../identity/verified-logins.ts';
import { createLog } from '../observe/log.ts';
import { createNotTaken } from '../observe/not-taken.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { type Line, openLine } from '../platform/line.ts';
import { listen, type ServerTls } from '../platform/listen.ts';
import { systemNetwork } from '../platform/network.ts';
import { canonicalMailbox } from '../policy/address.ts';
import { isBarePostmaster, isRoleMailbox, postmasterOf } from '../policy/role-mailbox.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import { mechanismsNamed } from '../protocol/sasl/mechanisms.ts';
import type { SessionSettings } from '../protocol/session/ports.ts';
import { createRelay } from '../relay/relay.ts';
import { createRemoteLookups } from '../store/remote-lookups.ts';
import { createRemoteStore } from '../store/remote.ts';
import { openStage } from '../store/sqlite/bodies.ts';
import type { SubmissionContext, SubmissionSettings } from '../submission/context.ts';
import { createJournal } from '../submission/journal.ts';
import { createLabels } from '../submission/labels.ts';
import { createMemoryBudget, shareOfBudget } from '../submission/memory-budget.ts';
import { createSigner } from '../submission/signer.ts';
import { createStandings } from '../submission/standing.ts';
import { createAdmission } from './admission.ts';
import { serveConnection } from './connection.ts';
import { openCounts } from './counts.ts';
import type { DeskQuestion, ThreadGreeting } from './desk-thread.ts';
import { createConnections, drainFront, type Front, hearStore, type ListenerHere } from './front.ts';
import { createFrontMetrics, type FrontMetrics } from './front-metrics.ts';
import type { FrontAnswers, FrontBirth, FrontPlan, FrontQuestion, ListenerPlan } from './plan.ts';
import { submitLocally } from './local-submission.ts';
import { createLineBudget } from './line-budget.ts';
import { createLogFeed } from './log-feed.ts';
import { createSelfTestLog, createSessionLog, type SessionLog } from './session-log.ts';
import { tlsContexts } from './tls-contexts.ts';

const BACKLOG = 1024;
const SESSION_ID_OCTETS = 10;

if (parentPort === null) throw new Error('this file is the entry of a thread');
const mainPort = parentPort;
const birth = workerData as FrontBirth;
let plan: FrontPlan = birth.plan;
let tls: ServerTls | undefined = tlsOf(plan);
let submissionSettings = submissionSettingsOf(plan);
let mailboxTexts = configuredMailboxes(plan.mailboxes);
let main: Line | undefined;
let desk: Line | undefined;
let listening: readonly Server[] = [];
let listeningBegan: Promise<void> | undefined;

const entropy = systemEntropy();
const logFeed = createLogFeed(clock, (lines) => main?.tell({ log: lines }));
const lineLog = createLog(plan.logLevel, logFeed);
const notTaken = createNotTaken(clock, lineLog);
const metrics = createFrontMetrics();
let selfTestFrom: string | undefined;
const connections = createConnections();
const store = createRemoteStore({ clock, stage: (id) => openStage(birth.dataDirectory, id) });
const lookups = createRemoteLookups();
const ids = messageIdSource((length) => entropy.bytes(length));
const counts = openCounts(birth.counts, birth.row);
const reportsToStrangers = counts.placeOf('reports to strangers');
const admission = createAdmission(plan.admission, counts);
const standings = createStandings(lookups);
const verifiedLogins = createVerifiedLogins({
  key: entropy.bytes(32),
  stillStands: (principal, nowMs) => standings.unchanged(principal, nowMs),
});
const domainsHere = (): ReadonlySet<string> => submissionSettings.domains;
const mailboxes = createMailboxes({
  lookups,
  clock,
  settings: { domains: domainsHere, configured: () => mailboxTexts },
});
const relay = createRelay({
  ...{ store, lookups, owner: birth.owner, clock, entropy, ids, network: systemNetwork, log: lineLog },
  countReportToStranger: () => counts.addInMinute(reportsToStrangers),
  settings: () => plan.relay,
  signer: () => submissionSettings.signer,
});

const memory = createMemoryBudget(plan.incomingMemory);
const strangersMemory = shareOfBudget(memory, plan.strangersMemory);
const submission: SubmissionContext = {
  ...{ store, lookups, clock, entropy, ids, standings, owner: birth.owner },
  labels: createLabels(store, entropy),
  ...{ memory, strangersMemory },
  takingBack: new Set(),
  settings: () => submissionSettings,
  wouldRelayFromMemory: (octets) => relay.hasMemoryFor(octets),
  handOver: (fresh) => relay.handOver(fresh),
  // The store tells every front that something is due.
  wake: () => undefined,
};

const ofStore = hearStore({ store, standings, mailboxes, relay, connections });
const journal = createJournal(store, clock, birth.counts.rows);
const lineBudget = createLineBudget({
  ...{ clock, fronts: birth.counts.rows },
  isExempt: (address) => admission.isExempt(address),
  leftOut: (what) => lineLog.warn(what, 'lines about strangers were not written'),
});
const front = frontWith(metrics, createSessionLog(lineLog, lineBudget));
/** Its counts are thrown away. */
const selfTestFront = frontWith(createFrontMetrics(), createSelfTestLog(lineLog));

function frontWith(metrics: FrontMetrics, log: SessionLog): Front {
  return {
    ...{ clock, log, metrics, admission, submission, journal },
    tls() {
      if (tls === undefined) throw new Error('no certificate is configured');
      return tls;
    },
    sessionId: () => encodeBase32(entropy.bytes(SESSION_ID_OCTETS)).toLowerCase(),
    authenticate,
    mailboxOf: (forwardPath) => mailboxes.find(forwardPath),
    ownForwardPath,
    entered(connection) {
      metrics.connected(connection.listener.role);
      return connections.enter(connection);
    },
    authenticated(connection) {
      const { login = '', mechanism = '', proof } = connection.principal ?? {};
      const { tls: facts } = connection.session.view;
      metrics.authentication(mechanism, 'authOk');
      log.accountable(connection.id);
      log.info(
        {
          session: connection.id,
          login,
          mechanism,
          credential: proof?.label ?? '',
          tls: facts?.version,
          cipher: facts?.cipher,
        },
        'authenticated',
      );
    },
    accepted(connection, { id, octets }, envelope, ms) {
      metrics.accepted(octets, ms);
      const login = connection.principal?.login;
      log.info(
        {
          session: connection.id,
          id,
          login,
          from: envelope.reversePath,
          recipients: envelope.recipients.length,
        },
        'accepted',
      );
    },
  };
}

async function authenticate(
  evidence: Evidence,
  from: { readonly address: string; readonly sessionId: string },
): Promise<AuthenticationOutcome> {
  const principal = verifiedLogins.recall(evidence, from.address, clock.now());
  if (principal !== undefined) return { type: 'authenticated', principal };
  if (desk === undefined) throw new Error('the desk is not connected');
  const question = { authenticate: evidence, from } satisfies DeskQuestion;
  const confirm = standings.reading();
  const outcome = (await desk.ask(question)) as AuthenticationOutcome;
  if (outcome.type === 'authenticated') {
    confirm(outcome.principal);
    verifiedLogins.remember(evidence, from.address, outcome.principal, clock.now());
  }
  return outcome;
}

/** Role mailboxes go to whom the operator named; a bare postmaster belongs to our first domain. */
function ownForwardPath(forwardPath: string): string {
  const whole = isBarePostmaster(forwardPath) ? (postmasterOf(domainsHere()) ?? forwardPath) : forwardPath;
  const mailbox = plan.postmaster === undefined ? undefined : canonicalMailbox(whole);
  const isRole = mailbox !== undefined && domainsHere().has(mailbox.domain) && isRoleMailbox(mailbox);
  return isRole ? (plan.postmaster ?? whole) : whole;
}

function tlsOf({ certificates, ticketKeys }: FrontPlan): ServerTls | undefined {
  return certificates.length === 0 ? undefined : tlsContexts(certificates, ticketKeys);
}

function submissionSettingsOf(from: FrontPlan): SubmissionSettings {
  const { hostname, dkim } = from;
  const signer = createSigner({
    keys: dkim,
    failed: (facts) => lineLog.error(facts, 'a message could not be signed'),
  });
  return { hostname, domains: new Set(from.domains), ...from.submission, signer };
}

/** The same object until the next plan, so that what is worked out from it can be kept. */
function sessionSettings({ role, tls: mode }: ListenerPlan): () => SessionSettings {
  let from: FrontPlan | undefined;
  let made: SessionSettings | undefined;
  return () => {
    if (made === undefined || from !== plan)
      made = {
        ...{ role, tls: mode, hostname: plan.hostname, ...plan.session, longLines: plan.longLines[role] },
        mechanisms: mechanismsNamed(plan.mechanisms),
      };
    from = plan;
    return made;
  };
}

async function startListening(): Promise<void> {
  const servers: Server[] = [];
  for (const planned of plan.listeners) {
    const here: ListenerHere = {
      ...{ role: planned.role, tls: planned.tls, port: planned.port },
      handshakeMs: () => plan.tlsHandshakeMs,
      session: sessionSettings(planned),
    };
    const at = { address: planned.address, port: planned.port, share: plan.share, backlog: BACKLOG };
    const serve = (socket: Socket): void => serveConnection(frontFor(socket), here, socket);
    servers.push(await listen(at, serve, (error) => notTaken(`port ${planned.port}`, error)));
  }
  listening = servers;
}

/** A socket that listens on all addresses names IPv4 clients in IPv6. */
function frontFor({ remoteAddress }: Socket): Front {
  return selfTestFrom !== undefined && remoteAddress?.replace('::ffff:', '') === selfTestFrom
    ? selfTestFront
    : front;
}

function reload(next: FrontPlan): void {
  tls = tlsOf(next);
  plan = next;
  submissionSettings = submissionSettingsOf(next);
  mailboxTexts = configuredMailboxes(next.mailboxes);
  verifiedLogins.forgetAll();
  admission.reload(next.admission);
  memory.limitOctets = next.incomingMemory;
  strangersMemory.limitOctets = next.strangersMemory;
  lineLog.level = next.logLevel;
}

async function drain(graceMs: number): Promise<void> {
  for (const server of listening) server.close();
  await drainFront({ clock, journal, submission, connections, relay }, graceMs);
  logFeed.flush();
}

async function answerMain(question: unknown): Promise<unknown> {
  const asked = question as FrontQuestion;
  switch (asked.ask) {
    case 'listen':
      await (listeningBegan ??= startListening());
      return true;
    case 'reload':
      reload(asked.plan);
      return true;
    case 'drain':
      await drain(asked.graceMs);
      return true;
    case 'selfTest':
      selfTestFrom = asked.from;
      return true;
    case 'submit':
      return submitLocally(front, { ...plan.session, longLines: plan.longLines.submission }, asked.message);
    case 'figures':
      return {
        owner: birth.owner,
        counts: metrics.counts,
        connections: connections.size,
        incomingOctets: submission.memory.used,
        recordsLost: journal.lost,
        relay: relay.stats,
      } satisfies FrontAnswers['figures'];
  }
}

function connect(kind: ThreadGreeting['connect'], port: MessagePort): void {
  if (kind === 'main') main = openLine(port, { answer: answerMain });
  else if (kind === 'store') {
    ofStore.connect(openLine(port, { notice: ofStore.noticed }));
  } else {
    desk = openLine(port, {});
    lookups.connect(desk);
  }
}

mainPort.on('message', ({ connect: kind, port }: ThreadGreeting) => connect(kind, port));
mainPort.postMessage({ ready: true });
