// A front: one thread that listens, runs sessions, submits, and relays what it accepted (DESIGN 3.3). This file is its story:
// the parts it is made of, who is connected, what happens on a notice, and how it drains.

import { createPlaces } from '../base/places.ts';
import type { Clock } from '../platform/platform.ts';
import type { ServerTls } from '../platform/listen.ts';
import type { LocalMailbox } from '../policy/submission-policy.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { Credentials, SessionSettings } from '../protocol/session/ports.ts';
import type { StoreNotice } from '../store/port.ts';
import type { SubmissionContext } from '../submission/context.ts';
import type { Journal } from '../submission/journal.ts';
import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import type { Admission } from './admission.ts';
import type { Connection } from './connection.ts';
import type { FrontMetrics } from './front-metrics.ts';
import type { SessionLog } from './session-log.ts';

export interface ListenerHere {
  readonly role: 'submission' | 'mx';
  readonly tls: 'starttls' | 'implicit' | 'none';
  readonly port: number;
  readonly handshakeMs: number;
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
    credentials: Credentials,
    from: { readonly address: string; readonly sessionId: string },
  ): Promise<AuthenticationOutcome>;
  /** Does this mailbox of ours exist? At once if it is known or not ours. */
  mailboxOf(forwardPath: string): LocalMailbox | 'elsewhere' | Promise<LocalMailbox | 'elsewhere'>;
  /** Postmaster and abuse go to whom the operator named; a bare postmaster belongs to our first domain. */
  ownForwardPath(forwardPath: string): string;
  /** Gives what is to be called when it has left. */
  entered(connection: Connection): () => void;
  authenticated(connection: Connection): void;
  accepted(connection: Pick<Connection, 'id' | 'principal'>, id: string, envelope: Envelope): void;
}

/** The open connections. */
export interface Connections {
  /** Gives what takes it out again. */
  enter(connection: Connection): () => void;
  /** Ends the sessions of an identity that may not go on. */
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
    noticed({ identityId, state }) {
      if (state === 'active') return;
      for (const connection of open.all())
        if (connection.principal?.identityId === identityId) connection.cut();
    },
    drain() {
      for (const connection of open.all()) connection.feed({ type: 'drain' });
    },
    get size() {
      return open.size;
    },
  };
}
