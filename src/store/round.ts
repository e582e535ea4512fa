// A claim looks at so many lanes and no more (lanes.ts): where the next one goes on, and when all of them were looked at for nothing.

import type { Outcomes } from './port.ts';

export interface Round {
  /** The next claim goes on after this domain; undefined: it begins at the first. */
  readonly after: string | undefined;
  /** What a claim brought; true: there may be more at once. */
  took(outcome: Pick<Outcomes['claim'], 'messages' | 'next' | 'more'>): boolean;
  /** Something became due, perhaps in a lane that was looked at already. */
  renew(): void;
}

export function createRound(): Round {
  let after: string | undefined;
  /** Since where nothing was found, and how often it began at the first lane since. */
  let barren: { readonly from: string; turns: number } | undefined;

  return {
    get after() {
      return after;
    },
    took({ messages, next, more }) {
      const [from, to] = [after ?? '', next ?? ''];
      after = next;
      if (messages.length > 0 || !more) {
        barren = undefined;
        return more;
      }
      barren ??= { from, turns: 0 };
      if (to <= from) barren.turns += 1;
      const isWhole = barren.turns > 1 || (barren.turns === 1 && to >= barren.from);
      if (!isWhole) return true;
      barren = undefined;
      return false;
    },
    renew() {
      barren = undefined;
    },
  };
}
