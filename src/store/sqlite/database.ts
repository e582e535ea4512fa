// The connection to SQLite: prepared statements, transactions, values of a row.

import { backup, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { openDatabaseFile } from '../../platform/database-file.ts';
import { number, text } from '../row.ts';

export type SqlValue = SQLInputValue;
export type Row = Record<string, null | number | bigint | string | Uint8Array>;

export interface Database {
  /** Runs a statement that gives no rows; the number of rows it changed. */
  run(sql: string, ...values: readonly SqlValue[]): number;
  get(sql: string, ...values: readonly SqlValue[]): Row | undefined;
  all(sql: string, ...values: readonly SqlValue[]): readonly Row[];
  iterate(sql: string, ...values: readonly SqlValue[]): Iterable<Row>;
  exec(sql: string): void;
  /** An online copy into a new file. */
  backup(path: string): Promise<void>;
  close(): void;
}

export interface OpenOptions {
  readonly readOnly?: boolean;
  /** How long to wait for another connection's lock. */
  readonly busyMs?: number;
}

export function openDatabase(path: string, options: OpenOptions = {}): Database {
  const connection = openDatabaseFile(path, {
    readOnly: options.readOnly ?? false,
    timeout: options.busyMs ?? 5000,
  });
  const statements = new Map<string, StatementSync>();

  function prepared(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = connection.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  return {
    run: (sql, ...values) => Number(prepared(sql).run(...values).changes),
    get: (sql, ...values) => prepared(sql).get(...values),
    all: (sql, ...values) => prepared(sql).all(...values),
    iterate: (sql, ...values) => prepared(sql).iterate(...values),
    exec: (sql) => connection.exec(sql),
    async backup(target) {
      await backup(connection, target, { rate: 500 });
    },
    close() {
      statements.clear();
      connection.close();
    },
  };
}

/**
 * Says what keeps commits of this connection from being durable, or undefined. SQLite refuses a setting without an error: a network file
 * system, for one, has no shared memory for the log, and the journal stays what it was.
 */
export function notDurableBecause(db: Database): string | undefined {
  const journal = text(db.get('PRAGMA journal_mode') ?? {}, 'journal_mode');
  const synchronous = number(db.get('PRAGMA synchronous') ?? {}, 'synchronous');
  const flaws = [
    ...(journal === 'wal' ? [] : [`journal_mode is ${journal}, not wal`]),
    ...(synchronous === SYNCHRONOUS_FULL ? [] : [`synchronous is ${synchronous}, not ${SYNCHRONOUS_FULL}`]),
  ];
  return flaws.length === 0 ? undefined : flaws.join(', ');
}

/** Several statements see the same snapshot. */
export function inOneView<T>(db: Database, look: () => T): T {
  db.exec('BEGIN');
  try {
    const seen = look();
    db.exec('COMMIT');
    return seen;
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

/** SQLite may have rolled back by itself already: the error that led here is the one to tell of. */
export function rollBack(db: Database): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // No transaction is active any more.
  }
}

const SYNCHRONOUS_FULL = 2;
