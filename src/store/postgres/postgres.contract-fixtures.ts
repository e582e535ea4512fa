// Fixtures of the tests on a real PostgreSQL: a database for each test alone, made from one that has the tables or emptied after another test, and the store opened
// there.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import {
  freshDatabase as emptyDatabase,
  type TestDatabase as AnyDatabase,
  withoutPostgres,
} from '../../../test/postgres/database.ts';
import {
  Bench,
  DAY,
  type Open,
  type Opened,
  type OpenOptions,
  virtualClock,
} from '../store.contract-fixtures.ts';
import type { Clock } from '../../platform/platform.ts';
import type { Store, StoreNotice } from '../port.ts';
import { ORPHAN_MS } from './bodies.ts';
import { connect, type PostgresServer } from './connection.ts';
import { COUNTERS_EVERY_MS } from './counters.ts';
import { Emptier, type FreshState, freshStateOf } from './emptied.contract-fixtures.ts';
import { openPostgresStore, type OpenPostgresStore } from './open.ts';
import { keepPartitions } from './partitions.ts';
import { migrate } from './migration.ts';
import { type Sql, sqlOver } from './sql.ts';

export { withoutPostgres };

export interface TestDatabase extends AnyDatabase {
  readonly server: PostgresServer;
}

interface Template {
  readonly database: AnyDatabase;
  readonly state: FreshState;
}

let template: Promise<Template> | undefined;
interface Used {
  readonly database: AnyDatabase;
  readonly emptier: Emptier;
}

/** Those that a test has given back, emptied; undefined: there will be no other test. */
let spare: Used[] | undefined = [];

after(async () => {
  const unused = spare ?? [];
  spare = undefined;
  await Promise.all(unused.map(drop));
  await (await template)?.database.drop();
});

/** With the tables, and nothing in them: as no test has used it. */
export async function freshDatabase(): Promise<TestDatabase> {
  template ??= makeTemplate();
  const used = spare?.pop() ?? (await madeLike(await template));
  const { database, emptier } = used;
  const giveBack = async (): Promise<void> => {
    if (spare !== undefined && (await emptier.emptied())) spare.push(used);
    else await drop(used);
  };
  return { ...database, server: serverOf(database), drop: giveBack, [Symbol.asyncDispose]: giveBack };
}

async function madeLike({ database: like, state }: Template): Promise<Used> {
  const database = await emptyDatabase(like);
  return { database, emptier: new Emptier(database.url, state) };
}

async function drop({ database, emptier }: Used): Promise<void> {
  await emptier.close();
  await database.drop();
}

async function makeTemplate(): Promise<Template> {
  const database = await emptyDatabase();
  // Nothing here waits for a time to come.
  const connection = await connect(serverOf(database), { clock: virtualClock() });
  await migrate(connection);
  await connection.close();
  return { database, state: await freshStateOf(database.url) };
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

/** Of the trail, as if its day was over. */
export async function endDay(server: PostgresServer, clock: Clock): Promise<void> {
  const connection = await connect(server, { clock });
  const fail = (because: string): void => assert.fail(because);
  for (const at of [clock.now(), clock.now() + DAY]) await keepPartitions(clock, fail).keep(connection, at);
  await connection.close();
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

async function aged(server: PostgresServer, ms: number): Promise<void> {
  const connection = await connect(server, { clock: virtualClock() });
  await connection.query('UPDATE body SET staged_at = staged_at - make_interval(secs => $1 / 1000.0)', ms);
  await connection.close();
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
  const answer = await inside.writer.pulse({ node: `test${incarnation}`, incarnation }, true);
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
      countsLagMs: COUNTERS_EVERY_MS,
      orphanMs: ORPHAN_MS,
      aged: (ms) => aged(server, ms),
      idle: () => inside.writer.idle(),
      endDay: () => endDay(server, options.clock),
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
