// Fixtures of the tests on a real PostgreSQL: a database of its own for each test, made from one that has the tables, and the store opened there.

import { after } from 'node:test';
import {
  freshDatabase as emptyDatabase,
  type TestDatabase as AnyDatabase,
  withoutPostgres,
} from '../../../test/postgres/database.ts';
import { type Open, type Opened, type OpenOptions, virtualClock } from '../store.contract-fixtures.ts';
import { connect, type PostgresServer } from './connection.ts';
import { openPostgresStore, type OpenPostgresStore } from './open.ts';
import { migrate } from './schema.ts';

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

function serverOf({ url: text }: AnyDatabase): PostgresServer {
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
        await database.cut();
        living.length = 0;
        return opened();
      },
      beside: async () => (await open()).store,
      hear: async () => void (await Promise.all(living.map(({ writer }) => writer.hear()))),
      async close() {
        await Promise.all(living.map((one) => one.close()));
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
