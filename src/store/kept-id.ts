// The one spelling of a message id: it may be typed in lower case, and with the letters that look like digits.

import { isMessageId, messageIdBytes, messageIdFromBytes, type MessageId } from '../base/message-id.ts';

/** An id as it is kept, however it was spelled; undefined: this is none. */
export function keptId(id: MessageId): MessageId | undefined {
  if (isMessageId(id)) return id;
  const bytes = messageIdBytes(id);
  return bytes === undefined ? undefined : messageIdFromBytes(bytes);
}
