// Does the look-up index lead to each event by all its words, and to none by another? Words that were taken out would hide an event from every trace.

import type { ChainLink, Lookups } from '../store/lookups.ts';
import type { Flaw } from './chain.ts';

export interface IndexCount {
  /** In the order of the chain. */
  see(event: ChainLink): void;
  flawOf(event: ChainLink): Flaw | undefined;
  /** Up to this event all were indexed when they were seen. */
  readonly through: number;
  /** Entries that the index must have of them. */
  readonly entries: number;
}

const PAGE = 1000;

export function createIndexCount(): IndexCount {
  let through = 0;
  let entries = 0;
  return {
    see({ sequence, index }) {
      // Events indexed meanwhile don't count: earlier ones may not have been.
      if (index === undefined || sequence !== through + 1) return;
      through = sequence;
      entries += index.entries;
    },
    flawOf: ({ sequence, index }) =>
      index === undefined || index.lacking === 0
        ? undefined
        : { sequence, because: `the look-up index lacks ${index.lacking} of its ${index.entries} words` },
    get through() {
      return through;
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
  for (let after: { term: string; sequence: number } | undefined; ;) {
    const page = await lookups.strayEntries({ max: PAGE, ...(after === undefined ? {} : { after }) });
    const [stray] = page.stray;
    if (stray !== undefined)
      return {
        sequence: stray.sequence,
        because: `the look-up index leads to it by a word that it does not have: ${stray.term}`,
      };
    if (page.next === undefined) return undefined;
    after = page.next;
  }
}
