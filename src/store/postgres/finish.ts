// The end of a message: when no recipient is left, and nobody is to be told of it any more.

import type { MessageId } from '../../base/message-id.ts';
import { countMessage } from '../depth.ts';
import type { QueuedMessage } from '../port.ts';
import { text } from '../row.ts';
import type { Work } from './change.ts';
import { uuidOfId } from './inflight.ts';

/** Removes the message once neither a recipient nor a notice is left. True: it is gone. The message row is locked by who calls. */
export async function finish({ sql, node, afterCommit }: Work, id: MessageId): Promise<boolean> {
  const key = uuidOfId(id);
  const gone = await sql.get(
    `DELETE FROM message m WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM recipient r WHERE r.message_id = m.id)
       AND NOT EXISTS (SELECT 1 FROM notice o WHERE o.message_id = m.id) RETURNING role`,
    key,
  );
  if (gone === undefined) return false;
  await sql.run('DELETE FROM content WHERE id = $1', key);
  await sql.run('DELETE FROM body WHERE id = $1', key);
  const role = text(gone, 'role') as QueuedMessage['role'];
  afterCommit(() => countMessage(node.queue, { role }, -1));
  return true;
}

/** Two that end recipients of one message wait here for each other, so that the second sees what the first has left. False: it is not in the queue tables. */
export async function lockMessage({ sql }: Work, id: MessageId): Promise<boolean> {
  return (
    (await sql.get('SELECT 1 AS found FROM message WHERE id = $1 FOR UPDATE', uuidOfId(id))) !== undefined
  );
}
