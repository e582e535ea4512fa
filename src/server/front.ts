// A front: one thread that listens, runs sessions, submits, and relays what it accepted. This file is its story:
// the parts it is made of, who is connected, what happens on a notice, and how it drains.

import { createPlaces } from '../base/places.ts';
import type { Clock } from '../platform/platform.ts';
import type { Mailboxes } from '../identity/mailboxes.ts';
import type { Line } from '../platform/line.ts';
import type { ServerTls } from '../platform/listen.ts';
import type { LocalMailbox } from '../policy/submission-policy.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import type { SessionSettings } from '../protocol/session/ports.ts';
import type { Relay } from '../relay/relay.ts';
import type { StoreNotice } from '../store/port.ts';
import type { RemoteStore } from '../store/remote.ts';
import type { SubmissionContext } from '../submission/context.ts';
import type { Journal } from '../submission/journal.ts';
import type { Standings } from '../submission/standing.ts';
import type { Acceptance } from '../submission/submit.ts';
import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import type { Admission } from './admission.ts';
import type { Connection } from './conversation.ts';
import type { FrontMetrics } from './front-metrics.ts';
import type { SessionLog } from './session-log.ts';

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
  authenticate(
    evidence: Evidence,
    from: { readonly address: string; readonly sessionId: string },
  ): Promise<AuthenticationOutcome>;
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

/** The open connections of a front. */
export interface Connections {
  /** Gives a function that takes it out again. */
  enter(connection: Connection): () => void;
  /** Ends the sessions of an identity, or of a credential of it, that may not go on, also those that are at rest. */
  noticed(notice: Extract<StoreNotice, { type: 'identityChanged' }>): void;
  drain(): void;
  readonly size: number;
}

export function createConnections(): Connections {
  const open = createPlaces<Connection>();
  return {
    enter(connection) {
      const place = open.take(connection);
      return () => void open.leave(place, connection);
    },
    noticed({ identityId, state, revision, gone }) {
      if (state === 'active' && gone.length === 0) return;
      for (const connection of open.all()) {
        const principal = connection.principal ?? connection.judged;
        if (principal?.identityId !== identityId) continue;
        const isGone = gone.includes(principal.proof.id) && principal.revision < revision;
        if (state !== 'active' || isGone) connection.cut();
      }
    },
    drain() {
      for (const connection of open.all()) connection.feed({ type: 'drain' });
    },
    get size() {
      return open.size;
    },
  };
}

/** The parts of a front that get notices of the store. */
interface Hearing {
  readonly store: RemoteStore;
  readonly standings: Standings;
  readonly mailboxes: Pick<Mailboxes, 'forget' | 'unsure'>;
  readonly relay: Relay;
  readonly connections: Connections;
}

/** A front's end of its line to the store; a new line replaces a broken one, with which notices may have been lost. */
export function hearStore({ store, standings, mailboxes, relay, connections }: Hearing): {
  noticed(notice: unknown): void;
  connect(line: Line): void;
} {
  let isFirst = true;

  function unsure(): void {
    standings.unsure();
    mailboxes.unsure();
    relay.unsure();
  }

  return {
    noticed(notice) {
      const heard = notice as StoreNotice;
      store.noticed(heard);
      if (heard.type === 'due') return relay.wake();
      if (heard.type === 'unsure') return unsure();
      standings.noticed(heard);
      mailboxes.forget(heard.identityId);
      relay.identityChanged(heard);
      connections.noticed(heard);
    },
    connect(line) {
      if (!isFirst) unsure();
      isFirst = false;
      store.connect(line);
    },
  };
}

const LOOK_AGAIN_MS = 50;

/** The parts of a front that a drain waits for. */
export interface Draining extends Pick<Front, 'clock' | 'journal'> {
  readonly submission: Pick<SubmissionContext, 'memory' | 'takingBack' | 'store' | 'owner'>;
  readonly connections: Connections;
  readonly relay: Pick<Relay, 'drain'>;
}

/**
 * Sessions end at their next quiet moment, the relay finishes what is under way; what it still holds goes back to the queue. By the clock that never
 * steps back: after `graceMs` nobody waits any more, whatever time it is. Rejects with `StoreUnavailable` when nothing could be given back.
 */
export async function drainFront(
  { clock, journal, submission, connections, relay }: Draining,
  graceMs: number,
): Promise<void> {
  const { memory, takingBack, store, owner } = submission;
  const endsAt = clock.monotonic() + graceMs;
  // A message that is still being accepted may have to be taken back, though its session is over.
  const isBusy = (): boolean => connections.size + memory.used + takingBack.size > 0;
  connections.drain();
  const emptied = (async () => {
    while (isBusy() && clock.monotonic() < endsAt)
      await new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve));
  })();
  await Promise.all([emptied, relay.drain(graceMs)]);
  journal.flush();
  await store.commit([{ type: 'free', ownerPrefix: owner, dueAt: clock.now() }]);
}
