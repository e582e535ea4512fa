// What the code of an error says (SQLSTATE). https://www.postgresql.org/docs/current/errcodes-appendix.html

import { SqlError } from './connection.ts';

/** serialization failure, deadlock, lock timeout */
const IN_THE_WAY = new Set(['40001', '40P01', '55P03']);

const NOT_PERMITTED = '42501';

/** Our user may not do it: another one does. */
export function isNotPermitted(error: unknown): boolean {
  return error instanceof SqlError && error.code === NOT_PERMITTED;
}

/** disk full, out of memory */
const FULL = new Set(['53100', '53200']);

/** unique violation, duplicate table, duplicate object: by how far the other had come, as the row of an index, a table, or the type of its rows */
const THERE_ALREADY = new Set(['23505', '42P07', '42710']);

/** Another made it at the same moment; `IF NOT EXISTS` looks only at what was there before. */
export function isThereAlready(error: unknown): boolean {
  return error instanceof SqlError && THERE_ALREADY.has(error.code);
}

/** Others were in the way, and nothing was done. */
export function isInTheWay(error: unknown): boolean {
  return error instanceof SqlError && IN_THE_WAY.has(error.code);
}

/** A piece of work that can be done at another time, when others are out of the way and there is room again. True: there is more. */
export async function unlessInTheWay(piece: Promise<boolean>): Promise<boolean> {
  try {
    return await piece;
  } catch (error) {
    if (isInTheWay(error) || isFull(error)) return false;
    throw error;
  }
}

/** The server has no room for it. */
export function isFull(error: unknown): boolean {
  return error instanceof SqlError && FULL.has(error.code);
}
