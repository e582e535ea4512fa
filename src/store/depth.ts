// How deep the queue may be, and how much of it strangers' mail (role mx) may take: what a dead next hop holds up of theirs must not shut out users. At the
// limit new mail is put off. Our own reports stand for mail that was accepted and always find room, so that senders are told even when the
// queue is full.

import type { AcceptChange, QueuedMessage } from './port.ts';

export interface QueueDepth {
  messages: number;
  /** Of these, those of role mx. */
  ofStrangers: number;
}

/** Undefined: no limit. */
export interface QueueLimits {
  queuedMessagesMax?(): number | undefined;
  strangersMessagesMax?(): number | undefined;
}

/** Why this message is put off, or undefined. */
export function queueFullBecause(
  { message }: AcceptChange,
  { messages, ofStrangers }: Readonly<QueueDepth>,
  limits: QueueLimits,
): string | undefined {
  if (isReport(message)) return undefined;
  const max = limits.queuedMessagesMax?.();
  if (max !== undefined && messages >= max)
    return `${messages} messages in the queue, limits.queuedMessages is ${max}`;
  const share = limits.strangersMessagesMax?.();
  if (!isOfStranger(message) || share === undefined || ofStrangers < share) return undefined;
  return `${ofStrangers} messages of strangers in the queue, limits.strangersShare lets them have ${share}`;
}

/** `count` -1: the message leaves. */
export function countMessage(depth: QueueDepth, message: Pick<QueuedMessage, 'role'>, count: 1 | -1): void {
  depth.messages += count;
  if (isOfStranger(message)) depth.ofStrangers += count;
}

function isOfStranger({ role }: Pick<QueuedMessage, 'role'>): boolean {
  return role === 'mx';
}

/** Nobody submitted it. */
function isReport({ role, identityId }: QueuedMessage): boolean {
  return role === 'local' && identityId === undefined;
}
