// Queued messages as the writer changes them, whichever place they stand in (`queue-place.ts`): a new one stands in flight if it may; whatever happens to it
// but its whole end files it first.

import { type MessageId, messageIdBytes } from '../../base/message-id.ts';
import type { IdentityId } from '../../record/identity.ts';
import type { AcceptChange, SettleChange } from '../port.ts';
import type { Database } from './database.ts';
import { enqueue } from './enqueue.ts';
import { type Inflight, openInflight } from './inflight.ts';
import { openQueueTally, type QueueTally } from './queue-totals.ts';

export interface QueuedMessages {
  /** `n`: number of its row. `maySend`: whether its identity may send. */
  add(change: AcceptChange, n: number, maySend: boolean): void;
  has(id: MessageId): boolean;
  /** Whether mail of this identity is queued. */
  hasOf(identityId: IdentityId): boolean;
  /** Ends the message if it is in flight, the change ends all its recipients, and nobody is to be told. Gives the ended message. */
  endWhole(change: SettleChange): Inflight | undefined;
  /** From now on its rows are those of the tables. */
  file(id: MessageId): void;
  /** Of those in flight, at most `max`; absent: all. False: some are left. */
  fileWhere(isMeant: (one: Inflight, id: MessageId) => boolean, max?: number): boolean;
  /** After COMMIT. */
  committed(): void;
  /** After a rollback: all is as it was before the transaction. */
  rolledBack(): void;
}

export function openQueued(db: Database, tally: QueueTally): QueuedMessages {
  const inflight = openInflight(db, tally);
  return {
    ...inflight,
    add(change, n, maySend) {
      if (maySend && inflight.take(change, n)) return;
      const { message, recipients, content, dueAt, owner, untried } = change;
      const attempt = owner === undefined || untried === true ? 0 : 1;
      enqueue(db, tally, { n, message, recipients, content, dueAt, owner, attempt });
    },
    has: (id) =>
      inflight.has(id) ||
      db.get('SELECT n FROM message WHERE id = ?', messageIdBytes(id) ?? null) !== undefined,
    hasOf(identityId) {
      tally.write();
      return (
        inflight.hasOf(identityId) ||
        db.get('SELECT 1 FROM queue_identity WHERE identity_id = ?', identityId) !== undefined
      );
    },
  };
}

/** In a store that nobody writes to. */
export function fileAll(db: Database): void {
  const tally = openQueueTally(db);
  openInflight(db, tally).fileWhere(() => true);
  tally.write();
}
