// Cursors of engines that number their events as they are written, whatever chain each is of.

import { type Cursor, NotACursor } from './lookups.ts';

export const cursorAt = (place: number): Cursor => String(place);

/** Throws `NotACursor`. */
export function placeOf(cursor: Cursor): number {
  if (!/^-?\d{1,15}$/.test(cursor))
    throw new NotACursor(`"${cursor}" is no place in the trail: take one that an answer before has given`);
  return Number(cursor);
}
