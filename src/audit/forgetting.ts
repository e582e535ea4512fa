// Missing content must be accounted for by an event: by a purge, which takes all before a time, or by an erasure, which tells how
// many events it took.

import type { AdministrationPayload } from '../record/events.ts';
import { payloadOf } from '../record/event-content.ts';
import type { ChainLink, Lookups } from '../store/lookups.ts';
import { type Flaw, linkPages, positionOf } from './chain.ts';

export interface Forgetting {
  /** Events whose content is gone, so far. */
  readonly count: number;
  /** In the order of the chain. */
  see(event: ChainLink): void;
  /** To be called when all were seen. */
  flaw(lookups: Pick<Lookups, 'links'>): Promise<Flaw | undefined>;
}

export function createForgetting(): Forgetting {
  let count = 0;
  let latest = -Infinity;
  /** The last one that was seen of each chain. */
  const through = new Map<number, number>();
  /** Everything before it may be gone. */
  let purgedBefore = -Infinity;
  let erasedBefore = -Infinity;
  let erased = 0;

  function hear(event: ChainLink): void {
    through.set(event.chain, event.sequence);
    if (event.type === 'purged') purgedBefore = Math.max(purgedBefore, saidOf(event).before);
    if (event.type !== 'erased') return;
    const said = saidOf(event);
    erased += said.events;
    erasedBefore = Math.max(erasedBefore, said.before);
  }

  return {
    get count() {
      return count;
    },
    see(event) {
      hear(event);
      if (event.payload !== undefined) return;
      count += 1;
      latest = Math.max(latest, event.time);
    },
    async flaw(lookups) {
      if (latest < purgedBefore) return undefined;
      const gone: ChainLink[] = [];
      for await (const page of linkPages(lookups))
        for (const event of page) {
          // Events forgotten during the walk are accounted for at its end.
          if (event.sequence > (through.get(event.chain) ?? 0)) hear(event);
          if (event.payload === undefined && event.time >= purgedBefore) gone.push(event);
        }
      const erasures = gone.filter(({ time }) => time >= purgedBefore);
      const untold = erasures.find(({ time }) => time >= erasedBefore);
      if (untold !== undefined) return { event: positionOf(untold), because: UNTOLD };
      const more = erasures[erased];
      return (
        more && {
          event: positionOf(more),
          because: `${UNTOLD}: erasures tell of ${erased}, and this is one more`,
        }
      );
    },
  };
}

const UNTOLD = 'its content is gone, and no purge or erasure tells of it';

/** Nothing for a purge or erasure whose own content is gone: a newer one covers all that it took. */
function saidOf({ payload }: ChainLink): { readonly before: number; readonly events: number } {
  if (payload === undefined) return { before: -Infinity, events: 0 };
  const { detail } = payloadOf(payload, undefined) as AdministrationPayload;
  const before = Date.parse(String(detail['before']));
  return { before: Number.isNaN(before) ? -Infinity : before, events: Number(detail['events'] ?? 0) };
}
