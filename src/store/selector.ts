// A queue selector over one delivery: every given field must match.

import type { MessageId } from '../base/message-id.ts';
import type { QueuedMessage, QueueSelector } from './port.ts';
import { keptId } from './kept-id.ts';

export interface Selectable {
  readonly message: QueuedMessage;
  readonly recipientNumber: number;
  readonly forwardPath: string;
  /** As it is routed by. */
  readonly domain: string;
  readonly held: boolean;
  readonly dueAt: number;
}

/** `id`: of the message, as it is kept. */
export function isSelected(id: MessageId, one: Selectable, selector: QueueSelector): boolean {
  const { messageId, recipientNumber, identityId, credentialId, from, to, domain, held, dueAfter } = selector;
  return (
    (messageId === undefined || keptId(messageId) === id) &&
    (recipientNumber === undefined || one.recipientNumber === recipientNumber) &&
    (identityId === undefined || one.message.identityId === identityId) &&
    (credentialId === undefined || one.message.credentialId === credentialId) &&
    (from === undefined || one.message.envelope.reversePath === from) &&
    (to === undefined || one.forwardPath === to) &&
    (domain === undefined || one.domain === domain.toLowerCase()) &&
    (held === undefined || one.held === held) &&
    (dueAfter === undefined || one.dueAt > dueAfter)
  );
}
