// How often a recipient was put off, and what its last attempt came to. The queue keeps only what is still to be done, so the trail is asked; the fold is the same for every engine.

import type { MessageId } from '../base/message-id.ts';
import type { TrailEvent } from '../record/events.ts';
import type { Delivery } from './port.ts';

/** The end of the last attempt. */
export interface LastAttempt {
  readonly at: number;
  readonly status: string;
  /** The hop's own words, or ours if none was reached. */
  readonly reply: string;
  readonly remote?: string;
}

export type DeliveryPlace = Pick<Delivery, 'messageId' | 'recipientNumber'>;

export interface EndedAttempts extends DeliveryPlace {
  /** How many put it off. */
  readonly attempts: number;
  readonly last: LastAttempt;
}

/** Deferrals of one message that are looked at, newest first: enough for an attempt of each of many recipients. */
export const DEFERRALS_EXAMINED = 1000;

/** Recipients that are asked about, by message. */
export function numbersByMessage(of: readonly DeliveryPlace[]): ReadonlyMap<MessageId, ReadonlySet<number>> {
  const numbers = new Map<MessageId, Set<number>>();
  for (const { messageId, recipientNumber } of of) {
    const same = numbers.get(messageId);
    if (same === undefined) numbers.set(messageId, new Set([recipientNumber]));
    else same.add(recipientNumber);
  }
  return numbers;
}

/** `deferrals`: of one message, newest first. */
export function endedOf(
  messageId: MessageId,
  numbers: ReadonlySet<number>,
  deferrals: Iterable<TrailEvent>,
): readonly EndedAttempts[] {
  const ended = new Map<number, EndedAttempts>();
  for (const event of deferrals) {
    if (event.type !== 'deferred' || event.payload === undefined) continue;
    const { recipientNumber, status, diagnostic: reply, remote } = event.payload;
    if (!numbers.has(recipientNumber)) continue;
    const { attempts = 0, last } = ended.get(recipientNumber) ?? {};
    const newest = last ?? { at: event.time, status, reply, ...(remote === undefined ? {} : { remote }) };
    ended.set(recipientNumber, { messageId, recipientNumber, attempts: attempts + 1, last: newest });
  }
  return [...ended.values()];
}
