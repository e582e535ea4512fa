// What is shown of the queue at a glance walks neither its tables nor the trail: each statement is asked how SQLite would carry it out.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Lookups } from '../lookups.ts';
import { countedEntropy, START, virtualClock } from '../store.contract-fixtures.ts';
import { type Database, openDatabase, type SqlValue } from './database.ts';
import { createSqliteLookups } from './lookups.ts';
import { openSqliteStore } from './open.ts';
import { STORE_FILE } from './schema.ts';

type Asked = readonly [sql: string, values: readonly SqlValue[]];

/** Keeps what was asked. */
function recording(db: Database, asked: Asked[]): Database {
  const kept =
    <T>(ask: (sql: string, ...values: readonly SqlValue[]) => T) =>
    (sql: string, ...values: readonly SqlValue[]): T => {
      asked.push([sql, values]);
      return ask(sql, ...values);
    };
  return { ...db, get: kept(db.get), all: kept(db.all) };
}

const page = { max: 50 };
const place = { messageId: '06FN0Z2V3W00000000000000AB', recipientNumber: 0 };
const looks: Readonly<Record<string, (lookups: Lookups) => Promise<unknown>>> = {
  'by identity': (lookups) => lookups.queueByIdentity(page),
  'by identity, of a domain': (lookups) => lookups.queueByIdentity({ ...page, domains: ['example.org'] }),
  'the young': (lookups) => lookups.queueCount({ acceptedSince: START }, 10),
  'an age between': (lookups) => lookups.queueCount({ acceptedSince: START, acceptedBefore: START + 1 }, 10),
  'the old': (lookups) => lookups.queueCount({ acceptedBefore: START }, 10),
  'an age of an identity': (lookups) => lookups.queueCount({ identityId: 'i1', acceptedBefore: START }, 10),
  'what goes to a next hop': (lookups) =>
    lookups.queueCount({ nextHop: { name: 'mta', domains: ['x.example'], takes: 'others' } }),
  'the list of an identity': (lookups) => lookups.queue({ identityId: 'i1' }, page),
  'its next page': (lookups) => lookups.queue({ identityId: 'i1' }, { ...page, after: place }),
  'the list of an age': (lookups) => lookups.queue({ acceptedBefore: START }, page),
  'ended attempts': (lookups) => lookups.endedAttempts([place]),
};

/** Tables with as many rows as there is mail or accounts, and their names in statements. */
const WALK = /^SCAN (message|m|recipient|r|event|e|trail_term|t|identity|i)\b/;

for (const [what, look] of Object.entries(looks))
  test(`sqlite: ${what}: no table that grows is walked`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'postern-plans-'));
    try {
      openSqliteStore({ dataDirectory: directory, clock: virtualClock(), entropy: countedEntropy() }).close();
      const db = openDatabase(join(directory, STORE_FILE));
      const asked: Asked[] = [];
      await look(createSqliteLookups(recording(db, asked), directory));
      assert.ok(asked.length > 0);
      for (const [sql, values] of asked) {
        const plan = db.all(`EXPLAIN QUERY PLAN ${sql}`, ...values).map(({ detail }) => String(detail));
        assert.deepEqual(
          plan.filter((line) => WALK.test(line)),
          [],
          `${sql}\n${plan.join('\n')}`,
        );
      }
      db.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
