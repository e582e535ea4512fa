// The end of a message in memory: when no recipient is left, and nobody is to be told of it any more.

import type { MessageId } from '../../base/message-id.ts';
import type { State } from './state.ts';

/** True: the message is gone. */
export function endIfDone(state: State, id: MessageId): boolean {
  const { messages } = state.tables;
  const row = messages.get(id);
  if (row === undefined || row.recipients.length > 0 || row.notices.length > 0) return false;
  messages.delete(id);
  if (row.content.kind === 'staged') state.bodyDone(id);
  return true;
}
