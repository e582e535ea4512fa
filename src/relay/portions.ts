// An errand in as many transactions as its hop asks for: whom one had no room for goes in another at once (E-Q-5), as does whoever was turned away by
// a connection that was used up.

import type { Attempt, Errand, ErrandResult } from './errand.ts';
import type { Hop } from './settings.ts';

export type PortionResult =
  | Exclude<ErrandResult, { type: 'attempted' }>
  | {
      readonly type: 'attempted';
      readonly attempts: readonly Attempt[];
      /** Positions of those that go again at once; nobody is the rule. */
      readonly again?: readonly number[];
      /** How they go. */
      readonly way?: Way;
    };

export interface Way {
  /** Over a connection that nobody used: another one may be of no use as well. */
  readonly fresh: boolean;
  /** The connection before was of no more use after so many messages: learned, if the fresh one is. */
  readonly suspect?: { readonly hop: Hop; readonly messages: number };
}

/** Ends, because each portion leaves fewer: `carry` gives a part of its errand, or nobody, to go again. */
export async function inPortions(
  errand: Errand,
  first: PortionResult,
  carry: (errand: Errand, way: Way | undefined) => Promise<PortionResult>,
): Promise<ErrandResult> {
  if (first.type !== 'attempted') return first;
  const attempts = [...first.attempts];
  let left = first.again ?? [];
  let { way } = first;
  while (left.length > 0) {
    const deliveries = left.flatMap((at) => errand.deliveries[at] ?? []);
    const result = await carry({ ...errand, deliveries }, way);
    left.forEach((at, index) => {
      attempts[at] = attemptOf(result, index) ?? attempts[at] ?? noResult;
    });
    way = result.type === 'attempted' ? result.way : undefined;
    left = result.type === 'attempted' ? (result.again ?? []).flatMap((index) => left[index] ?? []) : [];
  }
  return { type: 'attempted', attempts };
}

const noResult: Attempt = { type: 'deferred', status: '4.0.0', diagnostic: 'no result' };

/** Of one in the portion; undefined: what was found before still holds. */
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
