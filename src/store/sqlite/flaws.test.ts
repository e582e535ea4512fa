// What a start would refuse of a data directory, found without one.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDatabase } from './database.ts';
import { flawsIn } from './flaws.ts';
import { openForWriting } from './open.ts';
import { STORE_FILE } from './schema.ts';

const cases: readonly { readonly why: string; readonly sql: string; readonly told: RegExp }[] = [
  { why: 'nothing', sql: '', told: /^$/ },
  {
    why: 'a copy that is not done',
    sql: 'CREATE TABLE copying (name TEXT)',
    told: /^\/.* holds a copy of another store that is not done: run `postern store copy`/,
  },
  {
    why: 'a newer store',
    sql: 'PRAGMA user_version = 999',
    told: /^the store was written by a newer Postern/,
  },
];

for (const { why, sql, told } of cases)
  test(`found in a store: ${why}`, (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'postern-flaws-'));
    t.after(() => rmSync(directory, { recursive: true }));
    assert.deepEqual(flawsIn(directory), []);
    assert.deepEqual(readdirSync(directory), [], 'a look makes no store');
    openForWriting(directory, 0).close();
    const db = openDatabase(join(directory, STORE_FILE));
    db.exec(sql);
    db.close();
    assert.match(flawsIn(directory).join('\n'), told);
  });
