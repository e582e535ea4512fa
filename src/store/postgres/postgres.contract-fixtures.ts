// Fixtures of the tests on a real PostgreSQL: a database of its own for each test, made from one that has the tables, and the store opened there.

import type { Clock } from '../../platform/platform.ts';
import { type Open, type Opened, type OpenOptions, virtualClock } from '../store.contract-fixtures.ts';
import { connect, type PostgresServer } from './connection.ts';
import { openPostgresStore, type OpenPostgresStore } from './open.ts';
import { migrate } from './schema.ts';

/** URL of a server, of a user who may make databases. */
const given = process.env['POSTERN_TEST_POSTGRES'];

/** For `skip`: false, or why there is no PostgreSQL. */
export const withoutPostgres: string | false =
  given === undefined ? 'POSTERN_TEST_POSTGRES names none' : false;

export interface TestDatabase extends AsyncDisposable {
  readonly server: PostgresServer;
  /** Ends all who are connected, as the end of their processes would; resolves when their transactions have ended. */
  kill(): Promise<void>;
}

let made = 0;
let template: Promise<string> | undefined;

/** With the tables, and nothing in them. */
export async function freshDatabase(): Promise<TestDatabase> {
  template ??= makeTemplate();
  const name = nextName();
  await administer(`CREATE DATABASE ${name} TEMPLATE ${await template}`);
  return {
    server: serverWith(name),
    kill: () =>
      administer(`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '${name}'`),
    [Symbol.asyncDispose]: () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function makeTemplate(): Promise<string> {
  const name = nextName();
  await administer(`CREATE DATABASE ${name} TEMPLATE template0`);
  const connection = await connect(serverWith(name), { clock: noClock });
  await migrate(connection);
  await connection.close();
  return name;
}

const nextName = (): string => `test_${process.pid}_${(made += 1)}`;

function serverWith(database: string): PostgresServer {
  const url = new URL(given ?? '');
  const host = url.searchParams.get('host') ?? url.hostname;
  return { hosts: [{ host, port: Number(url.port || 5432) }], database, user: url.username };
}

async function administer(sql: string): Promise<void> {
  const connection = await connect(serverWith('postgres'), { clock: noClock });
  await connection.exec(sql);
  await connection.close();
}

/** Nothing here waits for a time to come. */
const noClock: Clock = virtualClock();

/** The store for a contract: a kill and a new start is another life, with connections of its own and another name. */
export const openPostgres: Open = async (options) => {
  const database = await freshDatabase();
  const { opened } = openIn(database, options);
  return opened();
};

/** The same in a database that the test may touch. */
export function openIn(
  database: TestDatabase,
  options: OpenOptions,
): { opened(): Promise<Opened>; inside(): OpenPostgresStore } {
  const { server } = database;
  const living: OpenPostgresStore[] = [];
  let lives = 0;
  let now: OpenPostgresStore | undefined;

  async function open(): Promise<OpenPostgresStore> {
    lives += 1;
    const one = await openPostgresStore({
      ...options,
      server,
      name: `node/${lives}`,
      clockOffset: 0,
      isTrusted: true,
    });
    living.push(one);
    return one;
  }

  async function opened(): Promise<Opened> {
    now = await open();
    const { store, lookups } = now;
    return {
      ...{ store, lookups },
      async restart() {
        await database.kill();
        living.length = 0;
        return opened();
      },
      beside: async () => (await open()).store,
      hear: async () => void (await Promise.all(living.map(({ writer }) => writer.hear()))),
      async close() {
        await Promise.all(living.map((one) => one.close()));
        await database[Symbol.asyncDispose]();
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
