// Statements of one transaction, and of one that only reads.

import type { Row } from '../row.ts';
import { type Connection, ConnectionLost, type SqlValue } from './connection.ts';

export interface Sql {
  all(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>;
  get(sql: string, ...values: readonly SqlValue[]): Promise<Row | undefined>;
  /** Rows that it changed. */
  run(sql: string, ...values: readonly SqlValue[]): Promise<number>;
}

/** Of a connection that writes. */
export interface WritingSql extends Sql {
  /** The same statement for each of these values, in one round trip for many of them. */
  each(sql: string, values: readonly (readonly SqlValue[])[]): Promise<void>;
}

const AT_ONCE = 1_000;

export function sqlOver(connection: Pick<Connection, 'query' | 'flush'>): WritingSql {
  return {
    async each(sql, values) {
      for (let at = 0; at < values.length; at += AT_ONCE)
        await connection.flush(values.slice(at, at + AT_ONCE).map((its) => ({ sql, values: its })));
    },
    all: async (sql, ...values) => (await connection.query(sql, ...values)).rows,
    get: async (sql, ...values) => (await connection.query(sql, ...values)).rows[0],
    run: async (sql, ...values) => (await connection.query(sql, ...values)).count,
  };
}

/** Commits when `work` resolves. Rejects with `ConnectionLost` if nobody knows what became of it; after any other error nothing was done. */
export async function inTransaction<T>(
  connection: Connection,
  work: (sql: WritingSql) => Promise<T>,
): Promise<T> {
  await connection.exec('BEGIN');
  try {
    const done = await work(sqlOver(connection));
    const tag = await connection.exec('COMMIT');
    // A transaction in which something failed is answered so, without an error.
    if (tag !== 'COMMIT') throw new Error(`the transaction ended with ${tag}`);
    return done;
  } catch (error) {
    if (!(error instanceof ConnectionLost) && connection.lost === undefined)
      await connection.exec('ROLLBACK');
    throw error;
  }
}

/** Several statements see the same. */
export async function inOneView<T>(connection: Connection, look: (sql: Sql) => Promise<T>): Promise<T> {
  await connection.exec('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    return await look(sqlOver(connection));
  } finally {
    if (connection.lost === undefined) await connection.exec('COMMIT');
  }
}
