// Changes that nobody waits for: the end of an attempt, the record of a refusal, the last use of a credential. They ride along with
// the next change that somebody waits for, on the line to the store and into its commit, or go alone a moment later.

import type { Change } from './port.ts';

/** How long such a change waits for company at each of the two stops, ms. */
export const PATIENCE_MS = 8;

/** True: no reply, no command and no claim of others waits for it. */
export function mayWait(changes: readonly Change[]): boolean {
  return changes.every(canRide);
}

function canRide(change: Change): boolean {
  // A look-up is shown only once it is recorded.
  if (change.type === 'record') return change.events.every(({ type }) => type !== 'lookedUp');
  return change.type === 'settle' || change.type === 'credentialUsed';
}
