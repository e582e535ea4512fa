// Connections for reading, a few, opened as they are needed, so that one long look-up does not hold up the others.

import type { Clock } from '../../platform/platform.ts';
import type { Row } from '../row.ts';
import type { OctetsRow } from './copy-out.ts';
import { connect, type Connection, type PostgresServer, type SqlValue } from './connection.ts';
import { inOneView, type Sql } from './sql.ts';

export interface Reader extends Sql {
  /** As `Connection.copyOut`. */
  copyOut(query: string): Promise<readonly OctetsRow[]>;
  /** Several statements see the same. */
  inOneView<T>(look: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export const READERS_MAX = 4;

/** `answerMsMax`: for one statement, ms. */
export function openReader(
  server: PostgresServer,
  options: { readonly clock: Clock; readonly answerMsMax: number },
): Reader {
  const all = new Set<Connection>();
  const idle: Connection[] = [];
  const waiting: ((connection: Connection | undefined) => void)[] = [];
  /** Those that are being opened too. */
  let opened = 0;

  async function take(): Promise<Connection> {
    for (;;) {
      const connection = idle.pop();
      if (connection === undefined) break;
      if (connection.lost === undefined) return connection;
      forget(connection);
    }
    if (opened < READERS_MAX) {
      opened += 1;
      try {
        const connection = await connect(server, options);
        // Afterwards: it is by this setting that a server takes no writes.
        await connection.exec('SET default_transaction_read_only = on');
        all.add(connection);
        return connection;
      } catch (error) {
        opened -= 1;
        // Whoever waits tries by itself, and hears why.
        waiting.shift()?.(undefined);
        throw error;
      }
    }
    const given = await new Promise<Connection | undefined>((resolve) => waiting.push(resolve));
    return given ?? take();
  }

  function forget(connection: Connection): void {
    if (all.delete(connection)) opened -= 1;
  }

  function give(connection: Connection): void {
    if (connection.lost !== undefined) {
      forget(connection);
      return waiting.shift()?.(undefined);
    }
    const next = waiting.shift();
    if (next === undefined) idle.push(connection);
    else next(connection);
  }

  async function using<T>(look: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await take();
    try {
      return await look(connection);
    } finally {
      give(connection);
    }
  }

  const rows = (sql: string, values: readonly SqlValue[]): Promise<readonly Row[]> =>
    using(async (connection) => (await connection.query(sql, ...values)).rows);

  return {
    all: (sql, ...values) => rows(sql, values),
    get: async (sql, ...values) => (await rows(sql, values))[0],
    run: (sql, ...values) => using(async (connection) => (await connection.query(sql, ...values)).count),
    copyOut: (query) => using((connection) => connection.copyOut(query)),
    inOneView: (look) => using((connection) => inOneView(connection, look)),
    async close() {
      await Promise.all([...all].map((connection) => connection.close()));
    },
  };
}
