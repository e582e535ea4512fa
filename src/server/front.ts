// A front: one thread that listens, runs sessions, submits, and relays what it accepted. Put together here, from its plan and from what it stands on: the same
// for a thread of the system (`front-thread.ts`) and for the simulation. What its connections see of it is `Front`.

import { encodeBase32 } from '../base/base32.ts';
import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import { createLog, type Log } from '../observe/log.ts';
import type { Line } from '../platform/line.ts';
import type { ServerTls } from '../platform/listen.ts';
import type { Clock } from '../platform/platform.ts';
import type { LocalMailbox } from '../policy/submission-policy.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import type { SessionSettings } from '../protocol/session/ports.ts';
import type { SubmissionContext } from '../submission/context.ts';
import type { Journal } from '../submission/journal.ts';
import type { Acceptance } from '../submission/submit.ts';
import type { Admission } from './admission.ts';
import type { Connection } from './conversation.ts';
import { drainFront } from './drain.ts';
import { createFrontMetrics, type FrontMetrics } from './front-metrics.ts';
import { createFrontParts, type FrontParts, type PartsPorts } from './front-parts.ts';
import { createFrontSettings, type FrontSettings } from './front-settings.ts';
import { createLineBudget } from './line-budget.ts';
import { createListeners, type Listen, type Listeners } from './listeners.ts';
import { submitLocally } from './local-submission.ts';
import { createLogFeed, type LogFeed } from './log-feed.ts';
import type { FrontAnswers, FrontBirth, FrontPlan, FrontQuestion } from './plan.ts';
import { createSelfTestLog, createSessionLog, type SessionLog } from './session-log.ts';
import { createStoreNotices } from './store-notices.ts';
import type { ThreadBody } from './thread-body.ts';

const SESSION_ID_OCTETS = 10;

export interface FrontPorts extends PartsPorts {
  readonly listen: Listen;
}

export interface ListenerHere {
  readonly role: 'submission' | 'mx';
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly port: number;
  /** As configured now. */
  handshakeMs(): number;
  /** As configured now; a session keeps what it began with. */
  session(): SessionSettings;
}

/** What connections need of their front. */
export interface Front {
  readonly clock: Clock;
  readonly log: SessionLog;
  readonly metrics: FrontMetrics;
  readonly journal: Journal;
  readonly admission: Admission;
  readonly submission: SubmissionContext;
  tls(): ServerTls;
  sessionId(): string;
  authenticate(evidence: Evidence, from: { readonly address: string }): Promise<AuthenticationOutcome>;
  /** Does this mailbox of ours exist? At once if it is known or not ours. */
  mailboxOf(forwardPath: string): LocalMailbox | 'elsewhere' | Promise<LocalMailbox | 'elsewhere'>;
  /** Postmaster and abuse go to whom the operator named; a bare postmaster belongs to our first domain. */
  ownForwardPath(forwardPath: string): string;
  /** Gives a function to call when it has left. */
  entered(connection: Connection): () => void;
  authenticated(connection: Connection): void;
  /** `ms`: since its MAIL. */
  accepted(
    connection: Pick<Connection, 'id' | 'principal'>,
    acceptance: Extract<Acceptance, { type: 'accepted' }>,
    envelope: Envelope,
    ms: number,
  ): void;
}

export interface RunningFront extends ThreadBody {
  /** For who looks in from outside. */
  readonly parts: FrontParts;
}

export function createFront(birth: FrontBirth, ports: FrontPorts): RunningFront {
  const { clock } = ports;
  let main: Line | undefined;
  const feed = createLogFeed(clock, (lines) => main?.tell({ log: lines }));
  const log = createLog(birth.plan.logLevel, feed);
  const settings = createFrontSettings(birth.plan, log);
  const parts = createFrontParts(birth, ports, settings, log);
  const { admission, lookups, logins } = parts;
  const lineBudget = createLineBudget({
    ...{ clock, fronts: birth.counts.rows },
    isExempt: (address) => admission.isExempt(address),
    leftOut: (what) => log.warn(what, 'lines about strangers were not written'),
  });
  const inside = { ports, settings, parts };
  const metrics = createFrontMetrics();
  const front = frontOf(inside, metrics, createSessionLog(log, lineBudget));
  // Its counts are thrown away.
  const selfTest = frontOf(inside, createFrontMetrics(), createSelfTestLog(log));
  const listeners = createListeners({ ...{ clock, log, settings, front, selfTest }, listen: ports.listen });
  const answer = answersOf({ ...{ birth, clock, settings, parts, front, listeners, log, feed } });
  const ofStore = createStoreNotices(parts);
  return {
    parts,
    greet(peer, open) {
      if (peer === 'main') main = open({ answer: (question) => answer(question as FrontQuestion) });
      else if (peer === 'store') ofStore.connect(open({ notice: ofStore.noticed, closed: ofStore.lost }));
      else {
        const lookupThread = open({});
        logins.connect(lookupThread);
        lookups.connect(lookupThread);
      }
    },
  };
}

interface Inside {
  readonly ports: FrontPorts;
  readonly settings: FrontSettings;
  readonly parts: FrontParts;
}

/** The front as its connections see it. */
function frontOf({ ports, settings, parts }: Inside, metrics: FrontMetrics, log: SessionLog): Front {
  const { clock, entropy } = ports;
  const { admission, submission, journal, logins, mailboxes, connections } = parts;
  return {
    ...{ clock, log, metrics, admission, submission, journal },
    tls: () => settings.tls(),
    sessionId: () => encodeBase32(entropy.bytes(SESSION_ID_OCTETS)).toLowerCase(),
    authenticate: (evidence, from) => logins.authenticate(evidence, from),
    mailboxOf: (forwardPath) => mailboxes.find(forwardPath),
    ownForwardPath: (forwardPath) => settings.ownForwardPath(forwardPath),
    entered(connection) {
      metrics.connected(connection.listener.role);
      return connections.enter(connection);
    },
    authenticated({ id: session, principal, session: { view } }) {
      const { login = '', mechanism = '', proof } = principal ?? {};
      const { label: credential = '', directory } = proof ?? {};
      metrics.authentication(mechanism, 'authOk');
      log.accountable(session);
      const { version: tls, cipher } = view.tls ?? {};
      log.info({ session, login, mechanism, credential, directory, tls, cipher }, 'authenticated');
    },
    accepted({ id: session, principal }, { id, octets }, { reversePath: from, recipients }, ms) {
      metrics.accepted(octets, ms);
      log.info({ session, id, login: principal?.login, from, recipients: recipients.length }, 'accepted');
    },
  };
}

interface Answering {
  readonly birth: FrontBirth;
  readonly clock: Clock;
  readonly settings: FrontSettings;
  readonly parts: FrontParts;
  readonly front: Front;
  readonly listeners: Listeners;
  readonly log: Log;
  readonly feed: LogFeed;
}

/** What main may ask. */
function answersOf(inside: Answering): (question: FrontQuestion) => Promise<unknown> {
  const { birth, clock, settings, parts, front, listeners, feed } = inside;
  return async (asked) => {
    switch (asked.ask) {
      case 'listen':
        await listeners.listen();
        return true;
      case 'reload':
        reload(inside, asked.plan);
        return true;
      case 'drain':
        listeners.close();
        await drainFront({ clock, ...parts }, asked.graceMs);
        feed.flush();
        return true;
      case 'selfTest':
        listeners.selfTestFrom = asked.from;
        return true;
      case 'submit': {
        const { session, longLines } = settings.plan;
        return submitLocally(front, { ...session, longLines: longLines.submission }, asked.message);
      }
      case 'figures':
        return {
          owner: birth.owner,
          counts: front.metrics.counts,
          connections: parts.connections.size,
          incomingOctets: parts.memory.used,
          recordsLost: parts.journal.lost,
          relay: parts.relay.stats,
        } satisfies FrontAnswers['figures'];
    }
  };
}

function reload({ settings, parts, log }: Answering, next: FrontPlan): void {
  const { logins, admission, memory, strangersMemory } = parts;
  settings.reload(next);
  logins.forget();
  admission.reload(next.admission);
  memory.limitOctets = next.incomingMemory;
  strangersMemory.limitOctets = next.strangersMemory;
  log.level = next.logLevel;
}
