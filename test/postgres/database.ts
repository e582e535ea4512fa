// Databases for tests of what stands on PostgreSQL: a new one for each who asks, on the server that serves the whole run. tools/test.ts starts it;
// a test file that is run alone starts one of its own.

import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { findBinaries } from './binaries.ts';
import { type PostgresServer, startServer } from './server.ts';

/** Environment variable: the URL of a server, of a user who may create databases. */
export const SERVER_URL = 'POSTERN_TEST_POSTGRES';

/** Name of the application that `cut` leaves connected. */
export const STAYS = 'between tests';

export interface TestDatabase extends AsyncDisposable {
  /** Of a superuser; with a path as `host` where the server listens on a Unix socket. */
  readonly url: string;
  /** Ends who is connected, as the end of their processes would; resolves when their transactions have ended. */
  cut(): Promise<void>;
  /** Cuts who is still connected. */
  drop(): Promise<void>;
}

const given = process.env[SERVER_URL];
const binaries = given === undefined ? findBinaries() : undefined;

/** For `skip` of node:test: false, or why no PostgreSQL can run here. */
export const withoutPostgres: string | false = typeof binaries === 'string' ? binaries : false;

let own: Promise<PostgresServer> | undefined;

/** `like`: what is in it, and nobody is connected to it. Absent: an empty one. */
export async function freshDatabase(like?: Pick<TestDatabase, 'url'>): Promise<TestDatabase> {
  const server = await serverUrl();
  // Others use the same server, and a killed run leaves its own.
  const name = `test_${randomBytes(8).toString('hex')}`;
  const template = like === undefined ? 'template0' : new URL(like.url).pathname.slice(1);
  // Files are copied in half the time that their pages take through the log.
  await administer(server, `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY file_copy`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const drop = (): Promise<void> => administer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  return {
    url: url.href,
    cut: () => cutAll(server, name),
    drop,
    [Symbol.asyncDispose]: drop,
  };
}

async function cutAll(server: string, database: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  const ofThem = `FROM pg_stat_activity WHERE datname = $1 AND application_name <> '${STAYS}'`;
  try {
    await client.query(`SELECT pg_terminate_backend(pid) ${ofThem}`, [database]);
    // The server would wait for one after the other, and look every 100 ms.
    while ((await client.query(`SELECT 1 ${ofThem}`, [database])).rows.length > 0);
  } finally {
    await client.end();
  }
}

async function serverUrl(): Promise<string> {
  if (given !== undefined) return given;
  if (typeof binaries !== 'object') throw new Error(`no PostgreSQL: ${binaries}`);
  own ??= startServer(binaries);
  return (await own).url;
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
