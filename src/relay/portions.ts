// A job in as many transactions as its hop asks for: recipients beyond the limit of one go in another at once (E-Q-5), as do those turned away by
// a connection that was used up.

import type { Attempt, DeliveryJob, JobResult } from './delivery-job.ts';
import type { Hop } from './settings.ts';

export type PortionResult =
  | Exclude<JobResult, { type: 'attempted' }>
  | {
      readonly type: 'attempted';
      readonly attempts: readonly Attempt[];
      /** Positions of the deliveries to send again at once; usually none. */
      readonly again?: readonly number[];
      /** How these are sent. */
      readonly way?: Way;
    };

export interface Way {
  /** Over a new connection: another reused one may be used up as well. */
  readonly fresh: boolean;
  /** The connection before was refused more after so many messages: remembered as the host's limit if the new connection works. */
  readonly suspect?: { readonly hop: Hop; readonly messages: number };
}

/** Terminates because each portion leaves fewer: `carry` gives back a part of its job, or nobody. */
export async function inPortions(
  job: DeliveryJob,
  first: PortionResult,
  carry: (job: DeliveryJob, way: Way | undefined) => Promise<PortionResult>,
): Promise<JobResult> {
  if (first.type !== 'attempted') return first;
  const attempts = [...first.attempts];
  let left = first.again ?? [];
  let { way } = first;
  while (left.length > 0) {
    const deliveries = left.flatMap((at) => job.deliveries[at] ?? []);
    const result = await carry({ ...job, deliveries }, way);
    left.forEach((at, index) => {
      attempts[at] = attemptOf(result, index) ?? attempts[at] ?? noResult;
    });
    way = result.type === 'attempted' ? result.way : undefined;
    left = result.type === 'attempted' ? (result.again ?? []).flatMap((index) => left[index] ?? []) : [];
  }
  return { type: 'attempted', attempts };
}

const noResult: Attempt = { type: 'deferred', status: '4.0.0', diagnostic: 'no result' };

/** The attempt of one delivery in the portion; undefined: its earlier result still holds. */
function attemptOf(result: PortionResult, index: number): Attempt | undefined {
  switch (result.type) {
    case 'attempted':
      return result.attempts[index];
    case 'hostDown':
      return {
        type: 'deferred',
        status: result.status,
        diagnostic: result.diagnostic,
        againAt: result.until,
      };
    case 'withheld':
      return undefined;
  }
}
