// A queue selector over the rows in memory: every given field must match. The queue as a list, in the order of acceptance.

import type { MessageId } from '../../base/message-id.ts';
import { type HoldReason, holdReasons } from '../queue-change.ts';
import { isSelected, type QueueSelector } from '../selector.ts';
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

export function matches(tables: Tables, one: QueueRow, selector: QueueSelector): boolean {
  const { id, row, recipient } = one;
  const { number: recipientNumber, domain, dueAt } = recipient;
  const { forwardPath } = recipient.recipient;
  return isSelected(
    id,
    { message: row.message, recipientNumber, forwardPath, domain, held: isHeld(tables, one), dueAt },
    selector,
  );
}

type Held = Pick<QueueRow, 'row' | 'recipient'>;

export function isHeld(tables: Tables, one: Held): boolean {
  return heldBy(tables, one).length > 0;
}

export function heldBy({ mayNotSend }: Tables, { row, recipient }: Held): readonly HoldReason[] {
  const ofIdentity = mayNotSend.has(row.message.identityId ?? '');
  return holdReasons.filter((reason) => (reason === 'identity' ? ofIdentity : recipient.heldBy.has(reason)));
}
