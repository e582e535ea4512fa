// The end of a message: when no recipient is left, and nobody is to be told of it any more.

import type { MessageId } from '../../base/message-id.ts';
import { countMessage } from '../depth.ts';
import type { QueuedMessage } from '../port.ts';
import { number, text } from '../row.ts';
import type { Writer } from './writer.ts';

/** Removes the message once neither a recipient (`unsettled`) nor a notice is left. True: it is gone. */
export function finish(
  { db, queue, bodyDone }: Writer,
  id: MessageId,
  n: number,
  unsettled: number,
): boolean {
  const hasNotices = (): boolean =>
    db.get('SELECT 1 FROM notice WHERE message_n = ? LIMIT 1', n) !== undefined;
  if (unsettled > 0 || hasNotices()) {
    db.run('UPDATE message SET unsettled = ? WHERE n = ?', unsettled, n);
    return false;
  }
  const gone = db.get('DELETE FROM message WHERE n = ? RETURNING role', n) ?? {};
  countMessage(queue, { role: text(gone, 'role') as QueuedMessage['role'] }, -1);
  const staged = number(db.get('DELETE FROM content WHERE n = ? RETURNING staged', n) ?? {}, 'staged');
  if (staged === 1) bodyDone(id);
  return true;
}
