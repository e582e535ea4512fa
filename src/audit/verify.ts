// Walks the chain of the trail and says whether anything was changed, removed or put in (D-TR-3).

import type { ContentPart } from '../record/event-content.ts';
import {
  firstLink,
  hashOfContent,
  LINK_VERSION,
  linkOf,
  linkOfVersion1,
  type LinkVersion,
  partHash,
} from '../record/link.ts';
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
  let last: Verified = { sequence: 0, link: firstLink, version: undefined };
  let forgotten = 0;
  for (;;) {
    const page = await lookups.chain({ afterSequence: last.sequence, max: PAGE });
    for (const link of page) {
      const next = following(last, link);
      if (typeof next === 'string') {
        const broken = { sequence: link.sequence, because: next };
        return { events: last.sequence, forgotten, lastLink: hex(last.link), broken };
      }
      if (link.payload === undefined) forgotten += 1;
      last = next;
    }
    progress(last.sequence);
    if (page.length < PAGE) return { events: last.sequence, forgotten, lastLink: hex(last.link) };
  }
}

/** The newest events alone: what the first of them links to is taken as it stands. Undefined: they follow from each other. */
export async function flawOfTail(
  lookups: Pick<Lookups, 'chain'>,
  events: number,
): Promise<string | undefined> {
  const [anchor, ...tail] = await lookups.chain({ afterSequence: Math.max(0, events - PAGE), max: PAGE });
  let last: Verified | undefined = anchor && { ...anchor, version: undefined };
  for (const link of tail) {
    const next = last && following(last, link);
    if (typeof next === 'string') return `event ${link.sequence}: ${next}`;
    last = next;
  }
  return (last?.sequence ?? 0) === events
    ? undefined
    : `the trail ends at event ${last?.sequence ?? 0} of ${events}`;
}

/** An event that was found right. */
interface Verified {
  readonly sequence: number;
  readonly link: Uint8Array;
  /** Undefined: by which its links are made is not known yet. It never goes back. */
  readonly version: LinkVersion | undefined;
}

/** The event as the next one of its chain, or why it can't be. */
function following(last: Verified, event: ChainLink): Verified | string {
  if (event.sequence !== last.sequence + 1) return `event ${last.sequence + 1} is missing`;
  const input = { ...event, previous: last.link };
  const isFit = (link: Uint8Array): boolean => equal(link, event.link);
  const version = event.type === 'chainVersion' ? LINK_VERSION : last.version;
  const fits =
    version !== 1 && isFit(linkOf(input))
      ? LINK_VERSION
      : version !== LINK_VERSION && isFit(linkOfVersion1(input))
        ? 1
        : undefined;
  if (fits === undefined) return 'its link does not follow from the one before';
  return flawOfContent(event, fits) ?? { sequence: event.sequence, link: event.link, version: fits };
}

function flawOfContent(event: ChainLink, version: LinkVersion): string | undefined {
  const payload = partOf(event.salt, event.payload);
  const place = partOf(event.placeSalt, event.place);
  if (payload === 'half' || place === 'half') return 'half of its content is gone';
  if (payload === undefined) return place === undefined ? undefined : 'half of its content is gone';
  if (version === 1 && place !== undefined) return 'its content was changed';
  const content = version === 1 ? partHash(payload) : hashOfContent({ payload, place });
  return equal(content, event.contentHash) ? undefined : 'its content was changed';
}

function partOf(
  salt: Uint8Array | undefined,
  octets: Uint8Array | undefined,
): ContentPart | 'half' | undefined {
  if (salt === undefined && octets === undefined) return undefined;
  return salt === undefined || octets === undefined ? 'half' : { salt, octets };
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
