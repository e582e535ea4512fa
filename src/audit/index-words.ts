// Does the look-up index lead to each event by all its words, and to none by another? Words that were taken out would hide an event from every trace.

import type { ChainLink, Cursor, Lookups } from '../store/lookups.ts';
import { type Flaw, positionOf } from './chain.ts';

export interface IndexCount {
  /** In the order of the walk. */
  see(event: ChainLink): void;
  flawOf(event: ChainLink): Flaw | undefined;
  /** Of each chain the last event up to which all were indexed when they were seen. */
  readonly through: readonly Cursor[];
  /** Entries that the index must have of them. */
  readonly entries: number;
}

const PAGE = 1000;

export function createIndexCount(): IndexCount {
  const through = new Map<number, Cursor>();
  const isOver = new Set<number>();
  let entries = 0;
  return {
    see({ chain, cursor, index }) {
      // Events indexed meanwhile don't count: earlier ones may not have been.
      if (index === undefined) isOver.add(chain);
      if (index === undefined || isOver.has(chain)) return;
      through.set(chain, cursor);
      entries += index.entries;
    },
    flawOf: ({ index, ...event }) =>
      index === undefined || index.lacking === 0
        ? undefined
        : {
            event: positionOf(event),
            because: `the look-up index lacks ${index.lacking} of its ${index.entries} words`,
          },
    get through() {
      return [...through.values()];
    },
    get entries() {
      return entries;
    },
  };
}

/** Entries are looked at one by one only if their number is wrong, which a purge meanwhile may explain. */
export async function flawOfIndex(
  lookups: Pick<Lookups, 'indexEntries' | 'strayEntries'>,
  { through, entries }: IndexCount,
): Promise<Flaw | undefined> {
  if ((await lookups.indexEntries({ through })) === entries) return undefined;
  for (let after: Cursor | undefined; ;) {
    const page = await lookups.strayEntries({ max: PAGE, ...(after === undefined ? {} : { after }) });
    const [stray] = page.stray;
    if (stray !== undefined) {
      const { term, event } = stray;
      const because = `the look-up index leads to it by a word that it does not have: ${term}`;
      return event === undefined
        ? { because: `the look-up index leads to an event that does not exist, by a word: ${term}` }
        : { event, because };
    }
    if (page.next === undefined) return undefined;
    after = page.next;
  }
}
