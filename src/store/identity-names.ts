// What an identity has that nobody else may have, or that others may be found by too.

import type { Identity } from '../record/identity.ts';

/** Uses of its credentials that are remembered, the last ones. */
export const USES_MAX = 20;

/** Its login and its addresses. */
export function ownNames({ login, rights }: Identity): ReadonlySet<string> {
  return new Set([login, ...rights.flatMap((right) => (right.kind === 'address' ? [right.address] : []))]);
}

/** Unique in the store. */
export function appPasswordIds({ credentials }: Identity): readonly string[] {
  return credentials.flatMap(({ kind, id }) => (kind === 'appPassword' ? [id] : []));
}
