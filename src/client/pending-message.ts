// One message on its way over a connection, and its result: what the queue of a submission and the connection hand to each other.

import type { RecipientResult } from '../protocol/delivery/ports.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { Content } from './message.ts';

export interface PendingMessage {
  readonly envelope: Envelope;
  readonly content: Content;
  /** True: the caller has given it up; its content must not be sent any more. */
  cancelled: boolean;
  /** Why its content could not be read. */
  contentError?: unknown;
  done(outcome: SendOutcome): void;
}

export interface SendOutcome {
  readonly results: readonly RecipientResult[];
  /** All was sent and no reply came: the message may have been accepted. */
  readonly replyLost: boolean;
  /** The connection had carried others before: it may have been closed while idle. */
  readonly reused: boolean;
  /** Earlier messages that the server had answered over the same connection. */
  readonly messagesBefore: number;
}
