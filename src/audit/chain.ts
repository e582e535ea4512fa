// Does each event of the chain follow from the one before it, with the content that was written (D-TR-3)?

import { type ContentPart, partHash, SALT_OCTETS } from '../record/event-content.ts';
import type { EventPosition } from '../record/events.ts';
import {
  type ChainEnd,
  firstLink,
  hashesOf,
  LINK_VERSION,
  linkOf,
  linkOfVersion1,
  type LinkVersion,
} from '../record/link.ts';
import type { Chain, ChainLink, Cursor, Lookups } from '../store/lookups.ts';

const PAGE = 1000;

/**
 * The newest events alone: what the first of a chain links to is taken as it stands. `events`: how many the trail holds. The last one, or why they don't
 * follow from each other, or are not all.
 */
export async function endOfTail(
  lookups: Pick<Lookups, 'chains' | 'newestLinks'>,
  events: number,
): Promise<Verified | string> {
  const ends = new Map<number, Verified>();
  let newest: Verified | undefined;
  for (const event of await lookups.newestLinks(PAGE)) {
    const last = ends.get(event.chain);
    const { chain, sequence, link } = event;
    const next = last === undefined ? { chain, sequence, link, version: undefined } : following(last, event);
    if (typeof next === 'string') return `${eventText(event)}: ${next}`;
    ends.set(chain, next);
    newest = next;
  }
  let counted = 0;
  let isCut = false;
  for (const { chain, head, checkpoint } of await lookups.chains()) {
    counted += (ends.get(chain) ?? head).sequence - (checkpoint?.sequence ?? 0);
    isCut ||= checkpoint !== undefined;
  }
  // Before a checkpoint some may have been kept.
  if (counted !== events && !(isCut && counted < events))
    return `it holds ${events} events, and its chains count ${counted}`;
  return newest ?? 'it is empty';
}

/** `event 7`; of a chain other than the first, which most trails have alone, with that. */
export function eventText({ chain, sequence }: EventPosition): string {
  return `event ${sequence}${chain === 1 ? '' : ` of chain ${chain}`}`;
}

/** Of all chains, from before the first, a page at a time. */
export async function* linkPages(
  lookups: Pick<Lookups, 'links'>,
  pageDone?: (events: number) => void | Promise<void>,
): AsyncGenerator<readonly ChainLink[], void> {
  let after: Cursor | undefined;
  for (let count = 0; ;) {
    const page = await lookups.links({ max: PAGE, ...(after === undefined ? {} : { after }) });
    yield page;
    count += page.length;
    await pageDone?.(count);
    if (page.length < PAGE) return;
    after = page.at(-1)?.cursor;
  }
}

export function positionOf({ chain, sequence }: EventPosition): EventPosition {
  return { chain, sequence };
}

/** As it is told, and kept elsewhere. */
export function linkText(link: Uint8Array): string {
  return Buffer.from(link).toString('hex');
}

/** What is not as it was written, and why; with the event where it shows, if it is one. */
export interface Flaw {
  readonly event?: EventPosition;
  readonly because: string;
}

/** An event that was found right. */
export interface Verified extends ChainEnd {
  /** Undefined: by which its links are made is not known yet. It never goes back. */
  readonly version: LinkVersion | undefined;
}

/** Before the first event that is left of it. */
export function startOf({ chain, checkpoint }: Chain): Verified {
  return { ...(checkpoint ?? { chain, sequence: 0, link: firstLink }), version: undefined };
}

/** The event as the next one of its chain, or why it can't be. */
export function following(last: Verified, event: ChainLink): Verified | string {
  if (event.sequence < 1) return NO_NUMBER;
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
  return flawOfContent(event, fits) ?? { ...last, sequence: event.sequence, link: event.link, version: fits };
}

/** An event whose neighbours are gone: its content alone can be judged. Undefined: it fits. */
export function flawOfKept(event: ChainLink): string | undefined {
  return event.sequence < 1 ? NO_NUMBER : flawOfContent(event, LINK_VERSION);
}

const NO_NUMBER = 'no event has such a number';
const CHANGED = 'its content was changed';

/** The hash covers salt and octets as one piece: where the one ends is told by its length alone. */
function flawOfContent(event: ChainLink, version: LinkVersion): string | undefined {
  const payload = partOf(event.salt, event.payload);
  const place = partOf(event.placeSalt, event.place);
  if (payload === 'half' || place === 'half') return 'half of its content is gone';
  if ([payload, place].some((part) => part !== undefined && part.salt.length !== SALT_OCTETS)) return CHANGED;
  if (payload === undefined) return place === undefined ? undefined : 'half of its content is gone';
  if (version === 1 && place !== undefined) return CHANGED;
  const content = version === 1 ? partHash(payload) : hashesOf({ payload, place });
  return equal(content, event.partHashes) ? undefined : CHANGED;
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
