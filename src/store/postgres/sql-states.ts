// What the code of an error says (SQLSTATE). https://www.postgresql.org/docs/current/errcodes-appendix.html

import { SqlError } from './connection.ts';

/** serialization failure, deadlock, lock timeout */
const IN_THE_WAY = new Set(['40001', '40P01', '55P03']);

/** disk full, out of memory */
const FULL = new Set(['53100', '53200']);

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
