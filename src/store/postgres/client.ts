// The client of pg for one host: how it logs in, and the settings of its session.

import pg from 'pg';
import type { Address, ConnectOptions, PostgresServer } from './connection.ts';
import { valueTypes } from './value-types.ts';

const CONNECT_MS_MAX = 5_000;

/** Its types leave this out. */
export type Client = pg.Client & { readonly processID: number | null };

/** The server asks for a password, and there is none. */
export class NoPassword extends Error {
  override readonly name = 'NoPassword';
}

function noPassword(): never {
  throw new NoPassword('it asks for a password, and none is set');
}

export function clientFor(
  server: PostgresServer,
  { host, port }: Address,
  { settings = {} }: ConnectOptions,
): Client {
  const { database, user, password, tls } = server;
  return new pg.Client({
    ...{ host, port, database, user },
    // Without one pg would look into the environment and the home directory. It calls this when the server asks.
    password: password === undefined || password === '' ? noPassword : password,
    ssl:
      tls === undefined
        ? false
        : { rejectUnauthorized: tls.mode === 'verify', ...(tls.ca === undefined ? {} : { ca: tls.ca }) },
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    application_name: 'postern',
    types: valueTypes,
    options: Object.entries({ ...SETTINGS, ...settings })
      .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\ ]/g, String.raw`\$&`)}`)
      .join(' '),
  }) as Client;
}

/** They come before those of the role and of the database: `ALTER ROLE … SET` must not weaken what a 250 promises, nor change how values are written. */
const SETTINGS: Readonly<Record<string, string>> = {
  synchronous_commit: 'on',
  // Who waits for a lock must see what its holder has committed.
  default_transaction_isolation: 'read committed',
  // That a standby did not confirm is told as a warning.
  client_min_messages: 'warning',
  bytea_output: 'hex',
  array_nulls: 'on',
  // Some work takes long, and the connections of a quiet night stay.
  statement_timeout: '0',
  idle_session_timeout: '0',
  // Who was stopped within a transaction must not hold its locks until he goes on; who is gone holds nothing.
  idle_in_transaction_session_timeout: '10s',
  client_connection_check_interval: '5s',
  // A plan made while a table was empty must not walk it when it is full: each row that is joined is found by its key.
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  // It reads all that a condition leaves before it gives the first row.
  enable_bitmapscan: 'off',
  // By the plans that are off a small table costs so much that PostgreSQL would compile each look at it: 0.7 s.
  jit: 'off',
  lock_timeout: '2s',
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3',
  client_encoding: 'UTF8',
  timezone: 'UTC',
};

/** For statements that go by keys: to plan them for the values of each call took a quarter of the server's time in a flush, and half of a look at a trail of many partitions. */
export const PLANNED_ONCE = { plan_cache_mode: 'force_generic_plan' } as const;

/** The first statement of a session: sets what not every version knows (from PostgreSQL 17 on), and tells whether the server takes writes. */
export const TAKES_WRITES = `SELECT NOT (pg_is_in_recovery() OR current_setting('transaction_read_only')::bool) AS yes,
  CASE WHEN current_setting('server_version_num')::int >= 170000 THEN set_config('transaction_timeout', '0', false) END AS set`;
