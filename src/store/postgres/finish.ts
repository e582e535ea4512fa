// The end of a message: when no recipient is left, and nobody is to be told of it any more.

import type { MessageId } from '../../base/message-id.ts';
import { countMessage } from '../depth.ts';
import type { QueuedMessage } from '../port.ts';
import { bytes, text } from '../row.ts';
import type { Work } from './change.ts';
import { uuidOfId } from './inflight.ts';
import { uuidOf } from './value-types.ts';

/** Removes the message once neither a recipient nor a notice is left. True: it is gone. The message row is locked by who calls. */
export async function finish(work: Work, id: MessageId): Promise<boolean> {
  return (await finishAll(work, [id])) > 0;
}

/** The same for several. Gives how many are gone. */
export async function finishAll(
  { sql, node, afterCommit }: Work,
  ids: readonly MessageId[],
): Promise<number> {
  const gone = await sql.all(
    `DELETE FROM message m WHERE id = ANY($1::uuid[]) AND (SELECT 1 FROM recipient r WHERE r.message_id = m.id LIMIT 1) IS NULL
       AND (SELECT 1 FROM notice o WHERE o.message_id = m.id LIMIT 1) IS NULL RETURNING id, role`,
    ids.map(uuidOfId),
  );
  if (gone.length === 0) return 0;
  const keys = gone.map((row) => uuidOf(bytes(row, 'id')));
  await sql.run('DELETE FROM content WHERE id = ANY($1::uuid[])', keys);
  await sql.run('DELETE FROM body WHERE id = ANY($1::uuid[])', keys);
  const roles = gone.map((row) => text(row, 'role') as QueuedMessage['role']);
  afterCommit(() => {
    for (const role of roles) countMessage(node.queue, { role }, -1);
  });
  return gone.length;
}

/** Two that end recipients of one message wait here for each other, so that the second sees what the first has left. False: it is not in the queue tables. */
export async function lockMessage(work: Work, id: MessageId): Promise<boolean> {
  return (await lockMessages(work, [id])) > 0;
}

/** The same for several. Gives how many of them are there. */
export async function lockMessages({ sql }: Work, ids: readonly MessageId[]): Promise<number> {
  const locked = await sql.all(
    'SELECT 1 AS found FROM message WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE',
    ids.map(uuidOfId),
  );
  return locked.length;
}
