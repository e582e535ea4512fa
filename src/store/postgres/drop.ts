// Recipients leave the queue undelivered, because somebody said so, with the events that tell of it.

import { messageIdFromBytes } from '../../base/message-id.ts';
import { type Dropping, eventOfDrop } from '../queue-change.ts';
import { bytes, number, optionalText, type Row, text } from '../row.ts';
import type { Work } from './change.ts';
import { finishAll } from './finish.ts';

/** Of `recipient r`. */
export const DROP_COLUMNS = 'r.message_id, r.number, r.identity_id, r.forward_path, r.attempt';

/** Tells of recipients that were deleted, and removes the messages of which nothing is left. `rows`: with `DROP_COLUMNS`; their messages were locked before. */
export async function dropped(work: Work, rows: readonly Row[], change: Dropping): Promise<void> {
  for (const row of rows)
    work.append(
      eventOfDrop(change, {
        ...{ messageId: idOf(row), identityId: optionalText(row, 'identity_id') },
        ...{ recipient: text(row, 'forward_path'), recipientNumber: number(row, 'number') },
        attempt: number(row, 'attempt'),
      }),
    );
  await finishAll(work, [...new Set(rows.map(idOf))]);
}

const idOf = (row: Row): string => messageIdFromBytes(bytes(row, 'message_id'));
