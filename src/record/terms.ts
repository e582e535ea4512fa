// By which words an event can be found again: ids, addresses, Message-ID, label, identity, network of the client. The same words are written into the look-up
// index and compared when the tail that is not indexed yet is scanned.

import { canonicalAddress } from '../policy/address.ts';
import { networkOf } from '../base/address-network.ts';
import type {
  AcceptedPayload,
  AdministrationPayload,
  EventType,
  RefusedPayload,
  SessionFacts,
} from './events.ts';

export interface FindableEvent {
  readonly type: EventType;
  readonly messageId?: string | undefined;
  readonly identityId?: string | undefined;
  readonly payload: unknown;
}

/** `kind:value`, as in the index. */
export type Term = string;

export const idTerm = (id: string): Term => `id:${id}`;
export const identityTerm = (identityId: string): Term => `identity:${identityId}`;
/** Of who was looked at: what he did himself is found by `identityTerm`. */
export const lookedAtTerm = (identityId: string): Term => `looked-at:${identityId}`;
export const labelTerm = (label: string): Term => `label:${label}`;
export const messageIdFieldTerm = (value: string): Term => `mid:${value}`;
/** Canonical where the address has such a form, else as written. */
export const addressTerm = (address: string): Term =>
  `address:${canonicalAddress(address) ?? address.toLowerCase()}`;

/** Of the /24 or the /64 that the address is in; undefined: it is no IP address. */
export function networkTerm(address: string): Term | undefined {
  const network = networkOf(address);
  return network === address ? undefined : `net:${network}`;
}

/** One may come twice. */
export function termsOf(event: FindableEvent): readonly Term[] {
  const terms: Term[] = [];
  if (event.messageId !== undefined) terms.push(idTerm(event.messageId));
  if (event.payload === undefined) return terms;
  if (event.identityId !== undefined) {
    const term = event.type === 'lookedUp' ? lookedAtTerm : identityTerm;
    terms.push(term(event.identityId));
  }
  if (typesWithSession.has(event.type)) addNetwork(terms, event.payload as WithSession);
  if (event.type === 'accepted') addAccepted(terms, event.payload as AcceptedPayload);
  if (event.type === 'refused') addRefused(terms, event.payload as RefusedPayload);
  // A queue command over many messages names none: what it selected by is what it is found by.
  if (queueActs.has(event.type) && event.messageId === undefined)
    addSelected(terms, event.payload as AdministrationPayload);
  return terms;
}

const typesWithSession: ReadonlySet<EventType> = new Set(['accepted', 'refused', 'authenticationFailed']);
const queueActs: ReadonlySet<EventType> = new Set(['held', 'released']);

/** Without its place, if that was forgotten. */
interface WithSession {
  readonly session: Partial<SessionFacts>;
}

function addSelected(terms: Term[], { detail }: AdministrationPayload): void {
  for (const address of [detail['from'], detail['to']])
    if (typeof address === 'string' && address !== '') terms.push(addressTerm(address));
}

function addNetwork(terms: Term[], { session }: WithSession): void {
  const network = session.clientAddress === undefined ? undefined : networkTerm(session.clientAddress);
  if (network !== undefined) terms.push(network);
}

function addRefused(terms: Term[], { reversePath = '', forwardPaths = [] }: RefusedPayload): void {
  if (reversePath !== '') terms.push(addressTerm(reversePath));
  for (const forwardPath of forwardPaths) terms.push(addressTerm(forwardPath));
}

function addAccepted(
  terms: Term[],
  { envelope, headerFrom, label, messageIdField, messageIdFieldBefore }: AcceptedPayload,
): void {
  if (envelope.reversePath !== '') terms.push(addressTerm(envelope.reversePath));
  for (const { forwardPath } of envelope.recipients) terms.push(addressTerm(forwardPath));
  // Usually the reverse-path is also the author.
  for (const address of headerFrom) if (address !== envelope.reversePath) terms.push(addressTerm(address));
  if (label !== undefined) terms.push(labelTerm(label));
  if (messageIdField !== undefined) terms.push(messageIdFieldTerm(messageIdField));
  if (messageIdFieldBefore !== undefined) terms.push(messageIdFieldTerm(messageIdFieldBefore));
}
