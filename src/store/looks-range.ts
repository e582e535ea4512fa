// The access record in parts, newest first: who looked at what, and who came into the console. The same judgement and the same cursor for every engine.

import type { EventType, TrailEvent } from '../record/events.ts';
import { type Cursor, EXAMINED_MAX, type FoundEvents, type LookRange, NotACursor } from './lookups.ts';
import { number, type Row } from './row.ts';

/** What the access record is made of. The schemas of the engines name them too, for their indexes. */
export const lookTypes = ['lookedUp', 'consoleSession'] as const satisfies readonly EventType[];

/** As in a condition of SQL, and of the index that serves it. */
export const LOOK_TYPES_SQL = lookTypes.map((type) => `'${type}'`).join(', ');

/** Events of one time are told apart by their place. */
export interface LookPlace {
  readonly time: number;
  readonly place: number;
}

export interface PlacedLook extends LookPlace {
  readonly event: TrailEvent;
}

export const PAGE_OF_LOOKS = 500;

/** Between which times, the newer end by place too: before it, not at it. */
export interface LookPart {
  readonly since: number;
  readonly before: LookPlace;
}

/** Throws `NotACursor`. */
export function partOf({ since, until, after }: LookRange): LookPart {
  const last = { time: until ?? Number.MAX_SAFE_INTEGER, place: Number.MAX_SAFE_INTEGER };
  return { since: since ?? Number.MIN_SAFE_INTEGER, before: after === undefined ? last : placeIn(after) };
}

/** In pages by the index, until nobody asks for more. `at`: the column of the place. */
export async function* looksByPages(
  part: LookPart,
  at: string,
  page: (part: LookPart) => Promise<readonly Row[]> | readonly Row[],
  eventOf: (row: Row) => TrailEvent,
): AsyncGenerator<PlacedLook, void> {
  let { before } = part;
  for (;;) {
    const rows = await page({ ...part, before });
    for (const row of rows) {
      before = { time: number(row, 'time'), place: number(row, at) };
      yield { ...before, event: eventOf(row) };
    }
    if (rows.length < PAGE_OF_LOOKS) return;
  }
}

/** Looks at no more than `EXAMINED_MAX` of them. */
export async function looksInRange(
  looks: Iterable<PlacedLook> | AsyncIterable<PlacedLook>,
  { who, max }: LookRange,
): Promise<FoundEvents> {
  const events: TrailEvent[] = [];
  let examined = 0;
  let next: Cursor | undefined;
  for await (const { time, place, event } of looks) {
    // Only now it is known that something follows.
    if ((events.length >= max || examined >= EXAMINED_MAX) && next !== undefined) return { events, next };
    examined += 1;
    next = `${time}:${place}`;
    if (who === undefined || isBy(event, who)) events.push(event);
  }
  return { events };
}

/** `root` is `root (console)` too. */
function isBy({ payload }: TrailEvent, who: string): boolean {
  return (
    payload !== undefined && 'by' in payload && (payload.by === who || payload.by.startsWith(`${who} (`))
  );
}

function placeIn(cursor: Cursor): LookPlace {
  const [, time, place] = /^(-?\d{1,16}):(-?\d{1,16})$/.exec(cursor) ?? [];
  if (time === undefined || place === undefined)
    throw new NotACursor(
      `"${cursor}" is no place in the access record: take one that an answer before has given`,
    );
  return { time: Number(time), place: Number(place) };
}
