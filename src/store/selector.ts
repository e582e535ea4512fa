// Which deliveries of the queue are meant, and whether one of them is.

import { firstIdOf, type MessageId } from '../base/message-id.ts';
import type { IdentityId } from '../record/identity.ts';
import { type HopDomains, takesDomain } from './hop-domains.ts';
import type { QueuedMessage } from './port.ts';
import { keptId } from './kept-id.ts';

/** Every given field must match. */
export interface QueueSelector {
  readonly messageId?: MessageId;
  /** Of a message. */
  readonly recipientNumber?: number;
  readonly identityId?: IdentityId;
  readonly credentialId?: string;
  /** Reverse-path, exact. */
  readonly from?: string;
  /** Forward-path, exact. */
  readonly to?: string;
  readonly domain?: string;
  /** What goes to one next hop. */
  readonly nextHop?: HopDomains;
  /** Accepted then or later, by its id, which grows with time. Milliseconds since the epoch. */
  readonly acceptedSince?: number;
  /** Accepted before, the same way. */
  readonly acceptedBefore?: number;
  /** For whatever reason. */
  readonly held?: boolean;
  /** Due later than this. */
  readonly dueAfter?: number;
}

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
  const { nextHop, acceptedSince, acceptedBefore } = selector;
  return (
    (messageId === undefined || keptId(messageId) === id) &&
    (recipientNumber === undefined || one.recipientNumber === recipientNumber) &&
    (identityId === undefined || one.message.identityId === identityId) &&
    (credentialId === undefined || one.message.credentialId === credentialId) &&
    (from === undefined || one.message.envelope.reversePath === from) &&
    (to === undefined || one.forwardPath === to) &&
    (domain === undefined || one.domain === domain.toLowerCase()) &&
    (nextHop === undefined || takesDomain(nextHop, one.domain)) &&
    (acceptedSince === undefined || id >= firstIdOf(acceptedSince)) &&
    (acceptedBefore === undefined || id < firstIdOf(acceptedBefore)) &&
    (held === undefined || one.held === held) &&
    (dueAfter === undefined || one.dueAt > dueAfter)
  );
}
