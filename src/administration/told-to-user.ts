// What a user is told of his mail: what a delivery report would tell him, and that somebody held or dropped it, not who or why. Next hops, paths and nodes are for those who look
// after his mail; of a next hop he is told what it replied, and nothing of what we say ourselves of a connection or a file.

import { isFate } from '../audit/fates.ts';
import type { FatePayload, TrailEvent } from '../record/events.ts';
import type { Credential } from '../record/identity.ts';
import type { EndedAttempts } from '../store/ended-attempts.ts';
import type { QueueEntry } from '../store/lookups.ts';
import type { Actor } from './actor.ts';

const NO_REPLY = 'no reply of another server';

/** In the words of the other server. `remote`: as events have it, or as `eventToldToUser` leaves it. */
export function isReply(remote: string | undefined, diagnostic: string): boolean {
  return remote !== undefined && /^(?:smtp|lmtp)\b/.test(remote) && /^\d{3}\b/.test(diagnostic);
}

/** `by`: as records name who acts (`byOf`). */
export function isByOwner(login: string, by: string): boolean {
  return by.startsWith(`${login} (`);
}

/** A user learns that an operator revoked it, not which one. To be shown, never to be written. */
export function credentialTold<T extends Pick<Credential, 'disabled'>>(
  { role }: Pick<Actor, 'role'>,
  login: string,
  credential: T,
): T {
  const { disabled } = credential;
  if (role !== 'user' || disabled === undefined || isByOwner(login, disabled.by)) return credential;
  return { ...credential, disabled: { ...disabled, by: 'an operator' } };
}

export function credentialsTold<
  T extends { readonly login: string; readonly credentials: readonly Pick<Credential, 'disabled'>[] },
>(actor: Pick<Actor, 'role'>, of: T): T {
  return { ...of, credentials: of.credentials.map((one) => credentialTold(actor, of.login, one)) };
}

export function eventToldToUser(event: TrailEvent): TrailEvent {
  if (event.payload === undefined) return event;
  if (event.type === 'held' || event.type === 'released')
    return { ...event, payload: { by: 'an operator', action: event.payload.action, detail: {} } };
  if (event.type === 'accepted') {
    const { node: _node, ...payload } = event.payload;
    return { ...event, payload };
  }
  return isFate(event) ? { ...event, payload: fateToldToUser(event.type, event.payload) } : event;
}

function fateToldToUser(type: TrailEvent['type'], payload: FatePayload): FatePayload {
  const { node: _node, remote, inClearBecause: _because, diagnostic, ...rest } = payload;
  if (type === 'dropped')
    return { ...rest, diagnostic: payload.takenBack === true ? diagnostic : 'dropped by an operator' };
  return { ...rest, ...spoken(remote, diagnostic) };
}

export function attemptToldToUser(ended: EndedAttempts): EndedAttempts {
  const { at, status, remote, reply } = ended.last;
  const { diagnostic, ...said } = spoken(remote, reply);
  return { ...ended, last: { at, status, reply: diagnostic, ...said } };
}

export function queuedToldToUser({ node: _node, ...entry }: QueueEntry): QueueEntry {
  return entry;
}

function spoken(
  remote: string | undefined,
  diagnostic: string,
): { readonly diagnostic: string; readonly remote?: string } {
  if (remote === undefined || !isReply(remote, diagnostic)) return { diagnostic: NO_REPLY };
  return { diagnostic, remote: remote.slice(0, 'smtp'.length) };
}
