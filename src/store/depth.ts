// How deep the queue may be. At the limit new mail is put off; reports of our own stand in for mail that was accepted and always
// find room, so that a settle never fails because the queue is full.

import type { AcceptChange, QueuedMessage } from './port.ts';

/** Why this message has to wait outside, or undefined. `max` undefined: no limit. */
export function queueFullBecause(
  { message }: AcceptChange,
  queued: number,
  max: number | undefined,
): string | undefined {
  if (max === undefined || queued < max || isReport(message)) return undefined;
  return `${queued} messages in the queue, limits.queuedMessages is ${max}`;
}

/** Nobody submitted it. */
function isReport({ role, identityId }: QueuedMessage): boolean {
  return role === 'local' && identityId === undefined;
}
