// The undo window: so long what somebody has sent waits before it leaves, so that he may take it back.

import type { Principal } from '../record/identity.ts';

/** Seconds. */
export const UNDO_MAX = 60;
/** A message leaves so long after its window, ms: whoever takes it back in the last second is in time. */
export const UNDO_GRACE_MS = 3000;

/**
 * Until when the sender may take a message back that is accepted at `now`, both in ms since the epoch; undefined: it leaves at once. Nobody waits for mail of a
 * service, or with the null sender.
 */
export function undoUntil(
  principal: Pick<Principal, 'mailbox' | 'undoSeconds'> | undefined,
  reversePath: string,
  now: number,
): number | undefined {
  const { mailbox = false, undoSeconds = 0 } = principal ?? {};
  return !mailbox || reversePath === '' || undoSeconds === 0 ? undefined : now + undoSeconds * 1000;
}
