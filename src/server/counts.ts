// Counts that hold for the whole process, though each front is a thread: one piece of memory that all fronts share, with a row for each. A front adds to
// its own row alone and sums up all rows, so nobody waits for anybody; two that reach a limit at the same moment may both give way, but never both get in.
// When a front dies, main empties its row.
//
// Names stand in slots, two for each by a keyed hash, and the smaller sum counts (a count-min sketch): it is never too small. It is too large only if
// both slots are shared with names that are counted themselves. With as many slots as there may be connections, and 200 networks that each hold 50 of
// 10,000 connections, one stranger in some 1,700 is taken for one of them. Nobody can choose whom: the key is random.

import { hash } from 'node:crypto';
import { invariant } from '../base/assert.ts';
import { createLru } from '../identity/lru.ts';

/** Crosses into the fronts. */
export interface CountsPlan {
  readonly buffer: SharedArrayBuffer;
  readonly rows: number;
  /** Of names, in each of the two tables of a row. */
  readonly slots: number;
  readonly key: string;
}

export const totals = ['submission', 'mx', 'turnedAway'] as const;
export type Total = (typeof totals)[number];

/** The slots of a name. */
export interface Place {
  readonly one: number;
  readonly other: number;
}

/** The counts as one front sees them. */
export interface Counts {
  placeOf(name: string): Place;
  /** Gives the sum over all rows. */
  add(place: Place, change: 1 | -1): number;
  addTo(total: Total, change: 1 | -1): number;
  total(total: Total): number;
  /** The minute that main's clock says it is, as a number. */
  readonly minute: number;
  /** Counts one in this minute; gives the sum of this minute over all rows. */
  addInMinute(place: Place): number;
  /** Takes one back, unless that minute is over. */
  takeBack(place: Place, minute: number): void;
}

const SLOTS_MIN = 2 ** 10;
const SLOTS_MAX = 2 ** 20;
/** Names whose slots a front remembers. */
const PLACES_KNOWN_MAX = 10_000;
/** Of a row, before its two tables: the totals, and the minute of its second table. */
const HEAD = totals.length + 1;
const MINUTE_AT = totals.length;

/** `connections`: the most that there may be. */
export function planCounts(o: {
  readonly rows: number;
  readonly connections: number;
  readonly key: Uint8Array;
}): CountsPlan {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, o.connections)));
  const slots = Math.min(SLOTS_MAX, Math.max(SLOTS_MIN, wanted));
  const length = 1 + o.rows * rowLength(slots);
  return {
    ...{ rows: o.rows, slots, key: Buffer.from(o.key).toString('base64') },
    buffer: new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT),
  };
}

/** The front whose row it was is gone, and with it all that it had counted. */
export function emptyRow({ buffer, slots }: CountsPlan, row: number): void {
  const from = 1 + row * rowLength(slots);
  new Int32Array(buffer).fill(0, from, from + rowLength(slots));
}

export function beginMinute({ buffer }: CountsPlan): void {
  Atomics.add(new Int32Array(buffer), 0, 1);
}

export function openCounts({ buffer, rows, slots, key }: CountsPlan, row: number): Counts {
  const cells = new Int32Array(buffer);
  const length = rowLength(slots);
  const own = 1 + row * length;
  const held = HEAD;
  const ofMinute = HEAD + slots;

  function change(at: number, by: number): number {
    const before = Atomics.add(cells, own + at, by);
    invariant(before + by >= 0, 'a front gives back what it has not counted');
    let sum = 0;
    for (let from = 1; from < cells.length; from += length) sum += Atomics.load(cells, from + at);
    return sum;
  }

  function changeBoth(table: number, { one, other }: Place, by: number): number {
    return Math.min(change(table + one, by), change(table + other, by));
  }

  /** A row whose minute is another one has counted nothing in this minute. */
  function sumOfMinute(at: number, minute: number): number {
    let sum = 0;
    for (let from = 1; from < cells.length; from += length)
      if (Atomics.load(cells, from + MINUTE_AT) === minute) sum += Atomics.load(cells, from + at);
    return sum;
  }

  function enterMinute(minute: number): void {
    if (cells[own + MINUTE_AT] === minute) return;
    cells.fill(0, own + ofMinute, own + ofMinute + slots);
    Atomics.store(cells, own + MINUTE_AT, minute);
  }

  // Most connections come from networks and identities seen before.
  const places = createLru<string, Place>(PLACES_KNOWN_MAX);
  const minuteNow = (): number => Atomics.load(cells, 0);

  return {
    placeOf(name) {
      const known = places.get(name);
      if (known !== undefined) return known;
      const digest = hash('sha256', key + name, 'hex');
      const one = Number.parseInt(digest.slice(0, 8), 16) % slots;
      const other = Number.parseInt(digest.slice(8, 16), 16) % slots;
      const place = { one, other: other === one ? (one + 1) % slots : other };
      places.set(name, place);
      return place;
    },
    add: (place, by) => changeBoth(held, place, by),
    addTo: (total, by) => change(totals.indexOf(total), by),
    total(total) {
      let sum = 0;
      for (let n = 0; n < rows; n += 1) sum += Atomics.load(cells, 1 + n * length + totals.indexOf(total));
      return sum;
    },
    get minute() {
      return minuteNow();
    },
    addInMinute({ one, other }) {
      const minute = minuteNow();
      enterMinute(minute);
      Atomics.add(cells, own + ofMinute + one, 1);
      Atomics.add(cells, own + ofMinute + other, 1);
      return Math.min(sumOfMinute(ofMinute + one, minute), sumOfMinute(ofMinute + other, minute));
    },
    takeBack({ one, other }, minute) {
      if (cells[own + MINUTE_AT] !== minute) return;
      Atomics.sub(cells, own + ofMinute + one, 1);
      Atomics.sub(cells, own + ofMinute + other, 1);
    },
  };
}

function rowLength(slots: number): number {
  return HEAD + 2 * slots;
}
