// A claim looks at a limited number of lanes (lanes.ts). Tells where the next claim goes on, and when all lanes were looked at in vain.

import type { Outcomes } from './port.ts';

export interface Round {
  /** The next claim goes on after this domain; undefined: it begins at the first. */
  readonly after: string | undefined;
  /** Takes the outcome of a claim; true: claim again at once, there may be more. */
  took(outcome: Pick<Outcomes['claim'], 'messages' | 'next' | 'more' | 'cut'>): boolean;
  /** Something became due, perhaps in a lane already looked at. */
  renew(): void;
}

export function createRound(): Round {
  let after: string | undefined;
  /** From which lane on nothing was found, and how often the round has begun at the first lane since. */
  let barren: { readonly from: string; turns: number } | undefined;

  return {
    get after() {
      return after;
    },
    took({ messages, next, more, cut = false }) {
      const [from, to] = [after ?? '', next ?? ''];
      after = next;
      if (messages.length > 0 || !more || cut) {
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
