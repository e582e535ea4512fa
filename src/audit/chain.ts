// Does each event of the chain follow from the one before it, with the content that was written (D-TR-3)?

import { type ContentPart, partHash } from '../record/event-content.ts';
import {
  firstLink,
  hashesOf,
  LINK_VERSION,
  linkOf,
  linkOfVersion1,
  type LinkVersion,
} from '../record/link.ts';
import type { ChainLink, Lookups } from '../store/lookups.ts';

const PAGE = 1000;

/** The newest events alone: what the first of them links to is taken as it stands. The last one, or why they don't follow from each other. */
export async function endOfTail(lookups: Pick<Lookups, 'chain'>, events: number): Promise<Verified | string> {
  const [anchor, ...tail] = await lookups.chain({ afterSequence: Math.max(0, events - PAGE), max: PAGE });
  let last: Verified = anchor === undefined ? chainStart : { ...anchor, version: undefined };
  for (const event of tail) {
    const next = following(last, event);
    if (typeof next === 'string') return `event ${event.sequence}: ${next}`;
    last = next;
  }
  return last.sequence === events ? last : `the trail ends at event ${last.sequence} of ${events}`;
}

/** As it is told, and kept elsewhere. */
export function linkText(link: Uint8Array): string {
  return Buffer.from(link).toString('hex');
}

/** What is not as it was written, and why; with the event where it shows, if it is one. */
export interface Flaw {
  readonly sequence?: number;
  readonly because: string;
}

/** An event that was found right. */
export interface Verified {
  readonly sequence: number;
  readonly link: Uint8Array;
  /** Undefined: by which its links are made is not known yet. It never goes back. */
  readonly version: LinkVersion | undefined;
}

/** Before the first event. */
export const chainStart: Verified = { sequence: 0, link: firstLink, version: undefined };

/** The event as the next one of its chain, or why it can't be. */
export function following(last: Verified, event: ChainLink): Verified | string {
  if (event.sequence < 1) return 'no event has such a number';
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
  const content = version === 1 ? partHash(payload) : hashesOf({ payload, place });
  return equal(content, event.partHashes) ? undefined : 'its content was changed';
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
