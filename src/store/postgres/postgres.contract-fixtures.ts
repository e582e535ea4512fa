// Fixtures of the tests on a real PostgreSQL: a database of its own for each test, made from one that has the tables, and the store opened there.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import {
  freshDatabase as emptyDatabase,
  type TestDatabase as AnyDatabase,
  withoutPostgres,
} from '../../../test/postgres/database.ts';
import { Bench, type Open, type Opened, type OpenOptions, virtualClock } from '../store.contract-fixtures.ts';
import type { Store, StoreNotice } from '../port.ts';
import { ORPHAN_MS } from './bodies.ts';
import { connect, type PostgresServer } from './connection.ts';
import { COUNTERS_PULSE_MS } from './counters.ts';
import { openPostgresStore, type OpenPostgresStore } from './open.ts';
import { migrate } from './schema.ts';
import { type Sql, sqlOver } from './sql.ts';

export { withoutPostgres };

export interface TestDatabase extends AnyDatabase {
  readonly server: PostgresServer;
}

let template: Promise<AnyDatabase> | undefined;
after(async () => (await template)?.drop());

/** With the tables, and nothing in them. */
export async function freshDatabase(): Promise<TestDatabase> {
  template ??= makeTemplate();
  const database = await emptyDatabase(await template);
  return { ...database, server: serverOf(database) };
}

async function makeTemplate(): Promise<AnyDatabase> {
  const database = await emptyDatabase();
  // Nothing here waits for a time to come.
  const connection = await connect(serverOf(database), { clock: virtualClock() });
  await migrate(connection);
  await connection.close();
  return database;
}

export function serverOf({ url: text }: AnyDatabase): PostgresServer {
  const url = new URL(text);
  const host = url.searchParams.get('host') ?? url.hostname;
  const port = Number(url.port || 5432);
  return { hosts: [{ host, port }], database: url.pathname.slice(1), user: url.username };
}

/** The store for a contract: a kill and a new start is another life, with connections of its own and another name. */
export const openPostgres: Open = async (options) => {
  const database = await freshDatabase();
  const { opened } = openIn(database, options);
  return opened();
};

/** A store whose tables the test may touch. */
export async function openInside(t: { after(done: () => Promise<void>): void }): Promise<{
  readonly bench: Bench;
  readonly database: TestDatabase;
  /** Beside the store. */
  readonly sql: Sql;
  inside(): OpenPostgresStore;
}> {
  const database = await freshDatabase();
  let inside: (() => OpenPostgresStore) | undefined;
  const bench = await Bench.open((options) => {
    const store = openIn(database, options);
    ({ inside } = store);
    return store.opened();
  });
  const connection = await connect(database.server, { clock: bench.clock });
  t.after(async () => {
    await connection.close();
    await bench[Symbol.asyncDispose]();
  });
  assert.ok(inside);
  return { ...{ bench, database, inside }, sql: sqlOver(connection) };
}

/** From now on there is no room for a row in this table. */
export async function fillDisk(sql: Sql, table: string): Promise<void> {
  await sql.run(
    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no space' USING ERRCODE = '53100'; END $$",
  );
  await sql.run(
    `CREATE TRIGGER full_disk BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION full_disk()`,
  );
}

/** A store with all who listen to it. */
interface Living {
  readonly inside: OpenPostgresStore;
  readonly store: Store;
  readonly incarnation: string;
  tell(notice: StoreNotice): void;
}

/** As a running server does with each pulse. */
async function hear({ inside, incarnation, tell }: Living): Promise<void> {
  const answer = await inside.writer.pulse({ node: 'test', incarnation }, true);
  if (answer.type === 'alive' && answer.changed !== 'many') answer.changed.forEach(tell);
}

/** The same in a database that the test may touch. */
export function openIn(
  database: TestDatabase,
  options: OpenOptions,
): { opened(): Promise<Opened>; inside(): OpenPostgresStore } {
  const { server } = database;
  const living: Living[] = [];
  let lives = 0;
  let now: OpenPostgresStore | undefined;

  async function open(): Promise<Living> {
    lives += 1;
    const name = `node/${lives}`;
    const inside = await openPostgresStore({ ...options, server, name, clockOffset: 0, isTrusted: true });
    const listeners = new Set<(notice: StoreNotice) => void>();
    const tell = (notice: StoreNotice): void => listeners.forEach((listener) => listener(notice));
    inside.store.subscribe(tell);
    const subscribe: Store['subscribe'] = (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    };
    const one = { inside, store: { ...inside.store, subscribe }, incarnation: String(lives), tell };
    living.push(one);
    return one;
  }

  async function opened(): Promise<Opened> {
    const { inside, store } = await open();
    now = inside;
    return {
      ...{ store, lookups: inside.lookups },
      async restart() {
        await database.cut();
        living.length = 0;
        return opened();
      },
      beside: async () => (await open()).store,
      countsLagMs: COUNTERS_PULSE_MS,
      orphanMs: ORPHAN_MS,
      idle: () => inside.writer.idle(),
      hear: async () => void (await Promise.all(living.map(hear))),
      chainName: 'node/1/flow',
      async close() {
        await Promise.all(living.map((one) => one.inside.close()));
        await database.drop();
      },
    };
  }

  return {
    opened,
    inside() {
      if (now === undefined) throw new Error('the store is not open');
      return now;
    },
  };
}
