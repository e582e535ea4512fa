// Why a message waits: what the last hop said of it, or who holds it. Told beside the queue, which keeps only what is still to be done.

import type { TrailEvent } from '../record/events.ts';
import type { Lookups, QueueEntry } from '../store/lookups.ts';
import type { ShownIdentity } from '../store/shown-identity.ts';
import { spanWords } from '../base/span.ts';

/** The end of the last attempt. */
export interface LastAttempt {
  readonly at: number;
  readonly status: string;
  /** The hop's own words, or ours if none was reached. */
  readonly reply: string;
  readonly remote?: string;
}

export interface Waiting {
  readonly login?: string;
  readonly why: string;
  /** Attempts that have ended. The queue's own number also counts leases given back because a hop was down. */
  readonly attempts: number;
  readonly last?: LastAttempt;
}

/** Events of a message that are looked at, newest first: enough for an attempt of each of many recipients. */
const EVENTS_MAX = 1000;
/** The first attempt begins with the acceptance: one that takes so long waits for the hop, or for mail before it that does. */
const LONG_MS = 10_000;

export interface ListedEntry {
  readonly entry: QueueEntry;
  readonly waiting: Waiting;
}

/** With the reasons of each. They are looked up message by message: ask for a page, not for the queue. */
export async function withReasons(
  lookups: Pick<Lookups, 'findEvents' | 'identityById'>,
  entries: readonly QueueEntry[],
  now: number,
): Promise<readonly ListedEntry[]> {
  const ids = [...new Set(entries.map(({ message }) => message.id))];
  const owners = [...new Set(entries.flatMap(({ message }) => message.identityId ?? []))];
  const [ended, identities] = await Promise.all([
    Promise.all(ids.map(async (id) => [id, await attemptsOf(lookups, id)] as const)),
    Promise.all(owners.map(async (id) => [id, await lookups.identityById(id)] as const)),
  ]);
  const byMessage = new Map(ended);
  const byOwner = new Map(identities);
  return entries.map((entry) => {
    const { message, delivery } = entry;
    const { attempts = 0, last } = byMessage.get(message.id)?.get(delivery.recipientNumber) ?? {};
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

interface Ended {
  readonly attempts: number;
  readonly last: LastAttempt;
}

/** By number of the recipient. */
async function attemptsOf(
  { findEvents }: Pick<Lookups, 'findEvents'>,
  id: string,
): Promise<ReadonlyMap<number, Ended>> {
  const { events } = await findEvents([{ kind: 'id', id }], { max: EVENTS_MAX });
  const ended = new Map<number, Ended>();
  for (const event of events) {
    const attempt = attemptOf(event);
    if (attempt === undefined) continue;
    // Events come newest first: the first one met is the last attempt.
    const { attempts = 0, last = attempt.last } = ended.get(attempt.number) ?? {};
    ended.set(attempt.number, { attempts: attempts + 1, last });
  }
  return ended;
}

function attemptOf(event: TrailEvent): { readonly number: number; readonly last: LastAttempt } | undefined {
  if (event.type !== 'deferred' || event.payload === undefined) return undefined;
  const { recipientNumber, status, diagnostic, remote } = event.payload;
  const where = remote === undefined ? {} : { remote };
  return { number: recipientNumber, last: { at: event.time, status, reply: diagnostic, ...where } };
}

function whyOf(
  { message, delivery, heldBy, active, dueAt }: QueueEntry,
  identity: ShownIdentity | undefined,
  last: LastAttempt | undefined,
  now: number,
): string {
  if (heldBy.includes('identity')) return `its account is ${identity?.state ?? 'gone'}`;
  if (heldBy.includes('operator')) return 'held by the operator';
  if (heldBy.includes('review')) return 'held until it was looked at';
  if (last !== undefined) return last.reply;
  const waitedMs = now - message.acceptedAt;
  if (active && delivery.attempt === 1 && waitedMs >= LONG_MS)
    return `first attempt under way for ${spanWords(waitedMs)}: its next hop has not answered yet`;
  if (active) return 'first attempt under way';
  // Mail that finds its route down is deferred without an attempt.
  return dueAt > now ? 'not tried yet: its next hop was down (`postern status`)' : 'not tried yet';
}
