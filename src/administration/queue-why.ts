// Why a message waits: what the last hop said of it, or who holds it. Told beside the queue, which keeps only what is still to be done.

import type { LastAttempt } from '../store/ended-attempts.ts';
import type { Lookups, QueueEntry } from '../store/lookups.ts';
import type { ShownIdentity } from '../store/shown-identity.ts';
import { spanWords } from '../base/span.ts';

export interface Waiting {
  readonly login?: string;
  readonly why: string;
  /** Attempts that have ended. The queue's own number also counts leases given back because a hop was down. */
  readonly attempts: number;
  readonly last?: LastAttempt;
}

/** The first attempt begins with the acceptance: one that takes so long waits for the hop, or for mail before it that does. */
const LONG_MS = 10_000;

export interface ListedEntry {
  readonly entry: QueueEntry;
  readonly waiting: Waiting;
}

/** With the reasons of each. They are looked up beside the queue: ask for a page, not for all of it. */
export async function withReasons(
  lookups: Pick<Lookups, 'endedAttempts' | 'identityById'>,
  entries: readonly QueueEntry[],
  now: number,
): Promise<readonly ListedEntry[]> {
  const tried = entries.filter(mayHaveEnded).map(({ message, delivery }) => ({
    ...{ messageId: message.id, recipientNumber: delivery.recipientNumber },
  }));
  const owners = [...new Set(entries.flatMap(({ message }) => message.identityId ?? []))];
  const [ended, identities] = await Promise.all([
    tried.length === 0 ? [] : lookups.endedAttempts(tried),
    Promise.all(owners.map(async (id) => [id, await lookups.identityById(id)] as const)),
  ]);
  const byDelivery = new Map(ended.map((one) => [keyOf(one.messageId, one.recipientNumber), one]));
  const byOwner = new Map(identities);
  return entries.map((entry) => {
    const { message, delivery } = entry;
    const { attempts = 0, last } = byDelivery.get(keyOf(message.id, delivery.recipientNumber)) ?? {};
    const identity = message.identityId === undefined ? undefined : byOwner.get(message.identityId);
    const waiting = {
      ...(identity === undefined ? {} : { login: identity.login }),
      why: whyOf(entry, identity, last, now),
      attempts,
      ...(last === undefined ? {} : { last }),
    };
    return { entry, waiting };
  });
}

/** Nothing is looked up for what was never tried, or is for the first time. */
function mayHaveEnded({ delivery, active }: QueueEntry): boolean {
  return delivery.attempt > (active ? 1 : 0);
}

const keyOf = (messageId: string, recipientNumber: number): string => `${messageId}/${recipientNumber}`;

/** Its undo window is not over: nothing else makes what was never tried wait. */
export function waitsForUndo({ delivery, dueAt }: QueueEntry, now: number): boolean {
  return delivery.attempt === 0 && dueAt > now;
}

/** Of what has no attempt that ended: its next hop was down when it was its turn, so it was put back. */
export function wasPutBack({ delivery, active, dueAt }: QueueEntry, now: number): boolean {
  return delivery.attempt > 0 && !active && dueAt > now;
}

function whyOf(
  entry: QueueEntry,
  identity: ShownIdentity | undefined,
  last: LastAttempt | undefined,
  now: number,
): string {
  const { message, delivery, heldBy, active, dueAt } = entry;
  if (heldBy.includes('identity')) return `its account is ${identity?.state ?? 'gone'}`;
  if (heldBy.includes('operator')) return 'held by the operator';
  if (heldBy.includes('review')) return 'held until it was looked at';
  if (last !== undefined) return last.reply;
  // What has an undo window is due later than it was accepted.
  const waitedMs = now - Math.max(message.acceptedAt, dueAt);
  if (active && delivery.attempt === 1 && waitedMs >= LONG_MS)
    return `first attempt under way for ${spanWords(waitedMs)}: its next hop has not answered yet`;
  if (active) return 'first attempt under way';
  if (waitsForUndo(entry, now)) return 'waits to be sent: its sender may take it back (undo window)';
  return wasPutBack(entry, now) ? 'not tried yet: its next hop was down' : 'not tried yet';
}
