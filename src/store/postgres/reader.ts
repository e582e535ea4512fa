// Connections for reading, a few, opened as they are needed, so that one long look-up does not hold up the others.

import type { Row } from '../row.ts';
import type { OctetsRow } from './copy-out.ts';
import { PLANNED_ONCE } from './client.ts';
import { connect, type Connection, type PostgresServer, type SqlValue } from './connection.ts';
import { inOneView, type Sql } from './sql.ts';
import { AGAIN_MS, createWhileAway, type Patience } from './while-away.ts';

export interface Reader extends Sql {
  /** As `Connection.copyOut`. */
  copyOut(query: string): Promise<readonly OctetsRow[]>;
  /** Several statements see the same. */
  inOneView<T>(look: (sql: Sql) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export const READERS_MAX = 4;

/** Looks are made again as `while-away.ts` says. */
export interface ReaderOptions extends Patience {
  /** For one statement, ms. */
  readonly answerMsMax: number;
}

export function openReader(server: PostgresServer, options: ReaderOptions): Reader {
  const pool = new Pool(server, options);
  const whileAway = createWhileAway(options);

  async function once<T>(look: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = await pool.take();
    try {
      return await look(connection);
    } finally {
      pool.give(connection);
    }
  }

  const using = <T>(look: (connection: Connection) => Promise<T>): Promise<T> => whileAway(() => once(look));

  const rows = (sql: string, values: readonly SqlValue[]): Promise<readonly Row[]> =>
    using(async (connection) => (await connection.query(sql, ...values)).rows);

  return {
    all: (sql, ...values) => rows(sql, values),
    get: async (sql, ...values) => (await rows(sql, values))[0],
    run: (sql, ...values) => using(async (connection) => (await connection.query(sql, ...values)).count),
    copyOut: (query) => using((connection) => connection.copyOut(query)),
    inOneView: (look) => using((connection) => inOneView(connection, look)),
    close: () => pool.close(),
  };
}

class Pool {
  readonly #server: PostgresServer;
  readonly #options: ReaderOptions;
  readonly #all = new Set<Connection>();
  readonly #idle: Connection[] = [];
  readonly #waiting: ((connection: Connection | undefined) => void)[] = [];
  /** Those that are being opened too. */
  #opened = 0;
  /** Of the last try to open one, until so many ms by the monotonic clock. */
  #failure: { readonly error: unknown; readonly until: number } | undefined;

  constructor(server: PostgresServer, options: ReaderOptions) {
    this.#server = server;
    this.#options = options;
  }

  async take(): Promise<Connection> {
    for (;;) {
      const connection = this.#idle.pop();
      if (connection === undefined) break;
      if (connection.lost === undefined) return connection;
      this.#forget(connection);
    }
    if (this.#opened < READERS_MAX) return this.#open();
    const given = await new Promise<Connection | undefined>((resolve) => this.#waiting.push(resolve));
    return given ?? this.take();
  }

  give(connection: Connection): void {
    if (connection.lost !== undefined) {
      this.#forget(connection);
      return this.#waiting.shift()?.(undefined);
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(connection);
    else next(connection);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((connection) => connection.close()));
  }

  async #open(): Promise<Connection> {
    const { clock, answerMsMax } = this.#options;
    if (this.#failure !== undefined && clock.monotonic() < this.#failure.until) throw this.#failure.error;
    this.#opened += 1;
    try {
      const connection = await connect(this.#server, {
        ...{ clock, answerMsMax },
        // What nobody waits for any more is given up.
        settings: { ...PLANNED_ONCE, statement_timeout: `${answerMsMax}ms` },
      });
      // Afterwards: it is by this setting that a server takes no writes.
      await connection.exec('SET default_transaction_read_only = on');
      this.#all.add(connection);
      this.#failure = undefined;
      return connection;
    } catch (error) {
      this.#opened -= 1;
      this.#failure = { error, until: clock.monotonic() + AGAIN_MS / 2 };
      // Whoever waits hears why.
      for (const wake of this.#waiting.splice(0)) wake(undefined);
      throw error;
    }
  }

  #forget(connection: Connection): void {
    if (this.#all.delete(connection)) this.#opened -= 1;
  }
}
