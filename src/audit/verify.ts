// Walks the chain of the trail and says whether anything was changed, removed or put in (D-TR-3).

import { contentHash, firstLink, linkOf } from '../record/link.ts';
import type { ChainLink, Lookups } from '../store/lookups.ts';

export interface Verification {
  readonly events: number;
  /** Payload and salt are gone by retention or erasure; the link still holds. */
  readonly forgotten: number;
  readonly lastLink: string;
  /** The first event that is not what was written, and why. */
  readonly broken?: { readonly sequence: number; readonly because: string };
}

const PAGE = 1000;

export async function verifyTrail(
  lookups: Pick<Lookups, 'chain'>,
  progress: (events: number) => void = () => undefined,
): Promise<Verification> {
  let previous: Uint8Array = firstLink;
  let sequence = 0;
  let forgotten = 0;
  for (;;) {
    const page = await lookups.chain({ afterSequence: sequence, max: PAGE });
    for (const link of page) {
      const because = flawOf(link, previous, sequence + 1);
      if (because !== undefined) {
        return {
          events: sequence,
          forgotten,
          lastLink: hex(previous),
          broken: { sequence: link.sequence, because },
        };
      }
      if (link.payload === undefined) forgotten += 1;
      previous = link.link;
      sequence = link.sequence;
    }
    progress(sequence);
    if (page.length < PAGE) return { events: sequence, forgotten, lastLink: hex(previous) };
  }
}

/** The newest events alone: what the first of them links to is taken as it stands. Undefined: they follow from each other. */
export async function flawOfTail(
  lookups: Pick<Lookups, 'chain'>,
  events: number,
): Promise<string | undefined> {
  const [anchor, ...tail] = await lookups.chain({ afterSequence: Math.max(0, events - PAGE), max: PAGE });
  let before = anchor;
  for (const link of tail) {
    const because = before && flawOf(link, before.link, before.sequence + 1);
    if (because !== undefined) return `event ${link.sequence}: ${because}`;
    before = link;
  }
  return (before?.sequence ?? 0) === events
    ? undefined
    : `the trail ends at event ${before?.sequence ?? 0} of ${events}`;
}

function flawOf(link: ChainLink, previous: Uint8Array, expected: number): string | undefined {
  if (link.sequence !== expected) return `event ${expected} is missing`;
  if (link.payload !== undefined && link.salt !== undefined) {
    if (!equal(contentHash(link.salt, link.payload), link.contentHash)) return 'its content was changed';
  } else if (link.payload !== undefined || link.salt !== undefined) return 'half of its content is gone';
  const { sequence, time, type, subject, contentHash: content } = link;
  return equal(linkOf({ previous, sequence, time, type, subject, contentHash: content }), link.link)
    ? undefined
    : 'its link does not follow from the one before';
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
