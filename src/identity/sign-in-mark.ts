// What a session of a person stands on: his role, and what he signs in with. It changes with any of them, and a session with another mark is over. Programs' passwords and
// tokens are no part of it, nor are recovery codes, which are used up.

import { createHash } from 'node:crypto';
import { enabledCredentials, type Identity } from '../record/identity.ts';

const OF_PROGRAMS: ReadonlySet<string> = new Set(['appPassword', 'token', 'recoveryCode']);

export function signInMark(identity: Identity): string {
  const { id, role = 'user', adminOf = [], origin } = identity;
  const own = enabledCredentials(identity)
    .filter(({ kind }) => !OF_PROGRAMS.has(kind))
    .map(({ kind, id: credential, createdAt }) => `${kind} ${credential} ${createdAt}`)
    .toSorted();
  const all = JSON.stringify([id, role, adminOf, origin?.directory, own]);
  return createHash('sha256').update(all).digest('base64url');
}
