// What waits at a glance: whose it is, and for how long.

import { DAY, HOUR, MINUTE } from '../base/duration.ts';
import { spanWords } from '../base/span.ts';
import type { QueueOfIdentity } from '../store/lookups.ts';
import type { Actor } from './actor.ts';
import type { AdministrationPorts } from './ports.ts';
import { type QueuePart, selectorOf } from './queue-selector.ts';

const IDENTITIES_MAX = 500;

/** Accounts whose mail waits, the most first; of a domain admin those that he sees. */
export function queueByIdentity(
  { lookups }: AdministrationPorts,
  _actor: Actor,
  { max }: { readonly max: number },
): Promise<readonly QueueOfIdentity[]> {
  return lookups.queueByIdentity({ max: Math.min(max, IDENTITIES_MAX) });
}

/** Between these ages, ms, the queue is divided: about the times between attempts, and when senders are told of a delay. */
export const AGES = [10 * MINUTE, HOUR, 4 * HOUR, DAY] as const;

/** So many of one age are counted: it is done one by one. */
export const OF_AGE_MAX = 10_000;

export type AgeRange = Pick<QueuePart, 'olderThan' | 'youngerThan'>;

/** Such as `less than 10 minutes`. */
export function ageInWords({ olderThan, youngerThan }: AgeRange): string {
  if (olderThan === undefined) return `less than ${spanWords(youngerThan ?? 0)}`;
  if (youngerThan === undefined) return `${spanWords(olderThan)} or longer`;
  return `${spanWords(olderThan)} to ${spanWords(youngerThan)}`;
}

export interface QueueOfAge extends AgeRange {
  /** Recipients, no more than `OF_AGE_MAX`. */
  readonly deliveries: number;
  /** There are more. */
  readonly isCut: boolean;
}

const ranges: readonly AgeRange[] = [undefined, ...AGES].map((olderThan, at) => {
  const youngerThan = AGES[at];
  return {
    ...(olderThan === undefined ? {} : { olderThan }),
    ...(youngerThan === undefined ? {} : { youngerThan }),
  };
});

/** The queue, or what waits of one account, by how long it has: the youngest first. */
export async function queueByAge(
  ports: AdministrationPorts,
  actor: Actor,
  { part }: { readonly part: Pick<QueuePart, 'identity'> },
): Promise<readonly QueueOfAge[]> {
  const count = async (range: AgeRange): Promise<QueueOfAge> => {
    const selector = await selectorOf(ports, actor, { ...part, ...range });
    const found = await ports.lookups.queueCount(selector, OF_AGE_MAX + 1);
    return { ...range, deliveries: Math.min(found, OF_AGE_MAX), isCut: found > OF_AGE_MAX };
  };
  return Promise.all(ranges.map(count));
}
