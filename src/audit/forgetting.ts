// Content that is gone must have been forgotten by somebody who said so: by a purge, which takes all before a time, or by an erasure, which tells how
// many events it took.

import type { AdministrationPayload } from '../record/events.ts';
import { payloadOf } from '../record/event-content.ts';
import type { ChainLink, Lookups } from '../store/lookups.ts';
import type { Flaw } from './verify.ts';

export interface Forgetting {
  /** Events whose content is gone, so far. */
  readonly count: number;
  /** In the order of the chain. */
  see(event: ChainLink): void;
  /** To be called when all were seen. */
  flaw(lookups: Pick<Lookups, 'chain'>): Promise<Flaw | undefined>;
}

const PAGE = 1000;

export function createForgetting(): Forgetting {
  let count = 0;
  let latest = -Infinity;
  /** Everything before it may be gone. */
  let purgedBefore = -Infinity;
  let erasedBefore = -Infinity;
  let erased = 0;

  return {
    get count() {
      return count;
    },
    see(event) {
      if (event.payload === undefined) {
        count += 1;
        latest = Math.max(latest, event.time);
      } else if (event.type === 'purged') purgedBefore = Math.max(purgedBefore, saidOf(event).before);
      else if (event.type === 'erased') {
        const said = saidOf(event);
        erased += said.events;
        erasedBefore = Math.max(erasedBefore, said.before);
      }
    },
    async flaw(lookups) {
      if (latest < purgedBefore) return undefined;
      let others = 0;
      for (let sequence = 0; ;) {
        const page = await lookups.chain({ afterSequence: sequence, max: PAGE });
        for (const event of page) {
          sequence = event.sequence;
          if (event.payload !== undefined || event.time < purgedBefore) continue;
          others += 1;
          if (event.time >= erasedBefore) return { sequence, because: UNTOLD };
          if (others > erased)
            return { sequence, because: `${UNTOLD}: erasures tell of ${erased}, and this is one more` };
        }
        if (page.length < PAGE) return undefined;
      }
    },
  };
}

const UNTOLD = 'its content is gone, and no purge or erasure tells of it';

function saidOf({ payload }: ChainLink): { readonly before: number; readonly events: number } {
  const { detail } = payloadOf(payload, undefined) as AdministrationPayload;
  const before = Date.parse(String(detail['before']));
  return { before: Number.isNaN(before) ? -Infinity : before, events: Number(detail['events'] ?? 0) };
}
