// One message on its way over a connection, and what comes of it: what the queue of a submission and the connection hand to each other.

import type { RecipientResult } from '../protocol/delivery/ports.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { Content } from './message.ts';

export interface Parcel {
  readonly envelope: Envelope;
  readonly content: Content;
  /** Set: nobody waits for it any more; if its content was not sent yet it must not be. */
  cancelled: boolean;
  /** Why its content could not be read. */
  contentError?: unknown;
  done(outcome: ParcelOutcome): void;
}

export interface ParcelOutcome {
  readonly results: readonly RecipientResult[];
  /** All was sent and no reply came: it may have been accepted. */
  readonly replyLost: boolean;
  /** The connection had carried others before: it may have been closed while idle. */
  readonly reused: boolean;
  /** Of the same connection, that it had answered. */
  readonly messagesBefore: number;
}
