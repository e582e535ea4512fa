import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { ServerUnfit } from '../engine-errors.ts';
import { connect, type Connection } from './connection.ts';
import { freshDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';
import { assertFit, flawNow } from './server-checks.ts';

const skip = withoutPostgres;

test(
  'a server is taken, or refused with the setting to change if it would lose what it was told',
  {
    skip,
  },
  async () => {
    await using database = await freshDatabase();
    const connection = await connect(database.server, { clock: virtualClock(0) });
    const fsync = (await connection.query('SHOW fsync')).rows[0]?.['fsync'];
    if (fsync === 'on') await assertFit(connection, false);
    // The one that npm brings serves tests alone, so it syncs nothing.
    else
      await assert.rejects(assertFit(connection, false), (error) => {
        assert.ok(error instanceof ServerUnfit);
        assert.match(error.message, /^PostgreSQL can't keep the store: fsync is off: set it to on[^;]*$/);
        return true;
      });
    await connection.close();
  },
);

interface Vector {
  readonly why: string;
  /** In place of what a good server says. */
  readonly said: Readonly<Record<string, string | number | boolean>>;
  /** Rows that a failed flush left. */
  readonly left?: number;
  readonly refused?: RegExp;
}

const good = {
  version: 180_004,
  fsync: 'on',
  full_page_writes: 'on',
  server_encoding: 'UTF8',
  synchronous_commit: 'on',
  isolation: 'read committed',
};

const vectors: readonly Vector[] = [
  { why: 'a good one', said: {} },
  { why: 'the oldest', said: { version: 150_000 } },
  { why: 'an older one', said: { version: 140_019 }, refused: /version 14: install PostgreSQL 15/ },
  { why: 'torn pages', said: { full_page_writes: 'off' }, refused: /full_page_writes is off/ },
  {
    why: 'names that are no UTF-8',
    said: { server_encoding: 'SQL_ASCII' },
    refused: /encoding SQL_ASCII: make it with ENCODING/,
  },
  {
    why: 'a pooler that drops settings, and a role that waits for no disk',
    said: { synchronous_commit: 'off' },
    refused: /has not the settings that it asked for/,
  },
  {
    why: 'a view that stands still while a lock is waited for',
    said: { isolation: 'repeatable read' },
    refused: /has not the settings that it asked for/,
  },
  { why: 'half a pipeline', said: {}, left: 1, refused: /keeps half of what failed/ },
];

for (const { why, said, left = 0, refused } of vectors)
  test(`what a server says of itself: ${why}`, async () => {
    const rows = [{ ...good, ...said }, { count: left }];
    const connection = {
      query: async () => ({ rows: [rows.shift() ?? {}], count: 1 }),
      exec: async () => '',
      flush: async () => [],
    } as unknown as Connection;
    if (refused === undefined) await assertFit(connection, false);
    else await assert.rejects(assertFit(connection, false), refused);
  });

const standing = { fsync: 'on', full_page_writes: 'on', replicated: false };
const served = { version: 1, oldest: '1', made_by: '0.1.0' };

const flaws: readonly {
  readonly why: string;
  readonly said: Readonly<Record<string, string | boolean>>;
  readonly isReplicated?: true;
  readonly flaw?: RegExp;
}[] = [
  { why: 'as it was', said: {} },
  {
    why: 'no sync',
    said: { fsync: 'off' },
    flaw: /^PostgreSQL can't keep what it is told: fsync is off: set it to on/,
  },
  { why: 'torn pages', said: { full_page_writes: 'off' }, flaw: /: full_page_writes is off: / },
  { why: 'a standby', said: { replicated: true }, isReplicated: true },
  { why: 'no standby', said: {}, isReplicated: true, flaw: /^no synchronous standby confirms/ },
];

for (const { why, said, isReplicated = false, flaw } of flaws)
  test(`what a running server is found with: ${why}`, async () => {
    const connection = {
      flush: async () => [{ rows: [{ ...standing, ...said }] }, { rows: [served] }],
    } as unknown as Connection;
    const found = await flawNow(connection, isReplicated);
    if (flaw === undefined) assert.equal(found, undefined);
    else assert.match(found ?? '', flaw);
  });

test('a node that runs and is too old for tables that were brought forward ends', { skip }, async () => {
  await using database = await freshDatabase();
  const connection = await connect(database.server, { clock: virtualClock(0) });
  await connection.exec('UPDATE schema_version SET version = 1000000, oldest_code = 1000000');
  await assert.rejects(flawNow(connection, false), { name: 'StoreTooNew' });
  await connection.close();
});
