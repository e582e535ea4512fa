// What nobody is kept waiting by: the end of an attempt, the record of a refusal, the last use of a credential. Such changes ride along with
// the next change that somebody does wait for, on the line to the store and into its commit, or go alone a moment later.

import type { Change } from './port.ts';

/** How long such a change waits for company at each of the two stops, ms. */
export const PATIENCE_MS = 8;

/** Nobody is kept waiting: no reply, no command, no claim of others. */
export function mayWait(changes: readonly Change[]): boolean {
  return changes.every(canRide);
}

function canRide(change: Change): boolean {
  // Who looked something up sees it when it is recorded.
  if (change.type === 'record') return change.events.every(({ type }) => type !== 'lookedUp');
  return change.type === 'settle' || change.type === 'credentialUsed';
}
