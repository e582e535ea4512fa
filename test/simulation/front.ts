// One front of the simulated server, put together as src/server/front-thread.ts does it; only what it stands on is virtual.

import { encodeBase32 } from '../../src/base/base32.ts';
import { messageIdSource } from '../../src/base/message-id.ts';
import type { AuthenticationOutcome } from '../../src/identity/authenticator.ts';
import { createMailboxes } from '../../src/identity/mailboxes.ts';
import type { Log } from '../../src/observe/log.ts';
import type { Line } from '../../src/platform/line.ts';
import { createRelay, type Relay } from '../../src/relay/relay.ts';
import type { RelaySettings } from '../../src/relay/settings.ts';
import { createAdmission, type Admission } from '../../src/server/admission.ts';
import { type CountsPlan, openCounts } from '../../src/server/counts.ts';
import { serveConnection } from '../../src/server/connection.ts';
import {
  createConnections,
  drainFront,
  type Front,
  hearStore,
  type ListenerHere,
} from '../../src/server/front.ts';
import { createFrontMetrics } from '../../src/server/front-metrics.ts';
import { createSessionLog } from '../../src/server/session-log.ts';
import type { SessionSettings } from '../../src/protocol/session/ports.ts';
import type { Stage } from '../../src/store/port.ts';
import { createRemoteLookups } from '../../src/store/remote-lookups.ts';
import { createRemoteStore } from '../../src/store/remote.ts';
import type { SubmissionContext, SubmissionSettings } from '../../src/submission/context.ts';
import { createJournal, type Journal } from '../../src/submission/journal.ts';
import { createLabels } from '../../src/submission/labels.ts';
import { createMemoryBudget, type MemoryBudget } from '../../src/submission/memory-budget.ts';
import { createStandings } from '../../src/submission/standing.ts';
import { allLines } from '../fakes/log.ts';
import type { Chance } from './chance.ts';
import { type NextHops, networkOf } from './next-hop.ts';
import type { Link } from './socket.ts';
import type { Life } from './time.ts';
import { minuteCount } from '../fakes/minute-count.ts';

export interface FrontSettings {
  readonly submission: SubmissionSettings;
  readonly relay: RelaySettings;
  readonly session: SessionSettings;
  readonly incomingMemory: number;
  readonly perIdentity: number;
}

export interface FrontOptions {
  readonly hops: NextHops;
  readonly life: Life;
  readonly chance: Chance;
  readonly settings: FrontSettings;
  readonly counts: CountsPlan;
  readonly row: number;
  stage(id: string): Promise<Stage>;
  log(text: string): void;
}

export interface SimulatedFront {
  readonly life: Life;
  readonly memory: MemoryBudget;
  readonly relay: Relay;
  readonly admission: Admission;
  readonly journal: Journal;
  readonly connections: { readonly size: number };
  serve(link: Link): void;
  connectStore(line: Line): void;
  connectDesk(line: Line): void;
  noticed(notice: unknown): void;
  drain(graceMs: number): Promise<void>;
}

export function createSimulatedFront(options: FrontOptions): SimulatedFront {
  const { life, hops, chance, settings } = options;
  const clock = hops.time.clockOf(life);
  const entropy = chance.named('entropy');
  const log = {
    debug: () => undefined,
    info: (facts: object, text: string) => options.log(`${life.name}: ${text} ${JSON.stringify(facts)}`),
    warn: (facts: object, text: string) => options.log(`${life.name}: ${text} ${JSON.stringify(facts)}`),
    error: (facts: object, text: string) => options.log(`${life.name}: ${text} ${JSON.stringify(facts)}`),
  };
  const store = createRemoteStore({ clock, stage: (id) => options.stage(id) });
  const lookups = createRemoteLookups();
  const ids = messageIdSource((length) => entropy.bytes(length));
  const standings = createStandings(lookups);
  const connections = createConnections();
  const admission = createAdmission(
    {
      ...{ unauthenticatedPerNetwork: 50, newPerMinute: undefined, perIdentity: settings.perIdentity },
      ...{ total: 1000, totalOfStrangers: 500, exempt: [] },
    },
    openCounts(options.counts, options.row),
  );
  const mailboxes = createMailboxes({
    lookups,
    clock,
    settings: { domains: () => settings.submission.domains, configured: () => new Set() },
  });
  const relay = createRelay({
    ...{ store, lookups, owner: life.name, clock, entropy, ids, network: networkOf(hops, life), log },
    countReportToStranger: minuteCount(clock),
    settings: () => settings.relay,
  });
  const memory = createMemoryBudget(settings.incomingMemory);
  const submission: SubmissionContext = {
    ...{ store, lookups, clock, entropy, ids, standings, owner: life.name },
    labels: createLabels(store, entropy),
    memory,
    strangersMemory: memory,
    takingBack: new Set(),
    settings: () => settings.submission,
    wouldRelayFromMemory: (octets) => relay.hasMemoryFor(octets),
    handOver: (fresh) => relay.handOver(fresh),
    wake: () => undefined,
  };
  const ofStore = hearStore({ store, standings, mailboxes, relay, connections });
  const sessionLog = createSessionLog(log as unknown as Log, allLines);
  let desk: Line | undefined;
  const front: Front = {
    ...{ clock, log: sessionLog, metrics: createFrontMetrics(), admission, submission },
    journal: createJournal(store, clock, 1),
    tls() {
      throw new Error('no TLS here');
    },
    sessionId: () => encodeBase32(entropy.bytes(10)).toLowerCase(),
    async authenticate(credentials, from) {
      if (desk === undefined) throw new Error('the desk is not connected');
      const confirm = standings.reading();
      const outcome = (await desk.ask({ authenticate: credentials, from })) as AuthenticationOutcome;
      if (outcome.type === 'authenticated') confirm(outcome.principal);
      return outcome;
    },
    mailboxOf: (forwardPath) => mailboxes.find(forwardPath),
    ownForwardPath: (forwardPath) => forwardPath,
    entered(connection) {
      return connections.enter(connection);
    },
    authenticated: () => undefined,
    accepted: () => undefined,
  };
  const listener: ListenerHere = {
    ...{ role: 'submission', tls: 'none', port: 587, handshakeMs: () => 10_000 },
    session: () => settings.session,
  };

  return {
    ...{ life, relay, admission, connections },
    memory: submission.memory,
    journal: front.journal,
    serve: (link) => serveConnection(front, listener, link.socket),
    connectStore: (line) => ofStore.connect(line),
    connectDesk(line) {
      desk = line;
      lookups.connect(line);
    },
    noticed: (notice) => ofStore.noticed(notice),
    drain: (graceMs) =>
      drainFront({ clock, journal: front.journal, submission, connections, relay }, graceMs),
  };
}
