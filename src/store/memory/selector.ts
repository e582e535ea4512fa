// A queue selector over the rows in memory: every given field must match. The queue as a list, in the order of acceptance.

import type { MessageId } from '../../base/message-id.ts';
import type { QueueSelector } from '../port.ts';
import { keptId } from './state.ts';
import type { MessageRow, RecipientRow, Tables } from './tables.ts';

export interface QueueRow {
  readonly id: MessageId;
  readonly row: MessageRow;
  readonly recipient: RecipientRow;
}

/** All deliveries, by acceptance and recipient number. */
export function queueRows({ messages }: Tables): readonly QueueRow[] {
  return messages
    .values()
    .toSorted((one, other) => one.n - other.n)
    .flatMap((row) => row.recipients.map((recipient) => ({ id: row.message.id, row, recipient })));
}

export function matches({ id, row, recipient }: QueueRow, selector: QueueSelector): boolean {
  const { messageId, identityId, from, to, domain, held, dueAfter } = selector;
  return (
    (messageId === undefined || keptId(messageId) === id) &&
    (identityId === undefined || row.message.identityId === identityId) &&
    (from === undefined || row.message.envelope.reversePath === from) &&
    (to === undefined || recipient.recipient.forwardPath === to) &&
    (domain === undefined || recipient.domain === domain.toLowerCase()) &&
    (held === undefined || isHeld(recipient) === held) &&
    (dueAfter === undefined || recipient.dueAt > dueAfter)
  );
}

export function isHeld({ heldByOperator, heldByState }: RecipientRow): boolean {
  return heldByOperator || heldByState;
}
