// Counters in their table, and in memory beside it.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { chargeLimits, type Counter } from '../../policy/limits.ts';
import { openCounters } from './counters.ts';
import { openDatabase } from './database.ts';
import { migrate } from './schema.ts';
import { removeDirectory, temporaryDirectory } from './sqlite.contract-fixtures.ts';

/** A table of counters, and one who was charged so many times. */
function counting(t: TestContext, keptMax?: number) {
  const directory = temporaryDirectory();
  const db = openDatabase(join(directory, 'counters.sqlite'));
  migrate(db, 0);
  t.after(() => {
    db.close();
    removeDirectory(directory);
  });
  const counters = openCounters(db, keptMax);
  const charged = (before: Counter): Counter => {
    const outcome = chargeLimits(before, { at: 1000, recipients: 1, nullSender: false }, {});
    assert.ok(outcome.type === 'charged');
    return outcome.counter;
  };
  const sent = (identityId: string, from = counters): number => from.of(identityId).hour.current.messages;
  return {
    ...{ db, counters, sent },
    transact(identityIds: readonly string[], end: 'COMMIT' | 'ROLLBACK' = 'COMMIT') {
      db.exec('BEGIN');
      for (const id of identityIds) counters.set(id, charged(counters.of(id)));
      counters.write();
      db.exec(end);
      if (end === 'COMMIT') counters.committed();
      else counters.rolledBack();
    },
    /** As a writer sees it that is opened now. */
    reopened: (identityId: string) => sent(identityId, openCounters(db)),
  };
}

test('what a transaction counted is in the table after COMMIT, and nowhere after a rollback', (t) => {
  const { transact, sent, reopened, db } = counting(t);
  transact(['a', 'b', 'a']);
  assert.deepEqual([sent('a'), sent('b'), reopened('a'), reopened('b')], [2, 1, 2, 1]);
  transact(['a', 'c'], 'ROLLBACK');
  assert.deepEqual([sent('a'), sent('c'), reopened('a'), reopened('c')], [2, 0, 2, 0]);
  transact(['a', 'c']);
  assert.deepEqual([sent('a'), sent('c'), reopened('a'), reopened('c')], [3, 1, 3, 1]);
  assert.equal(db.all('SELECT * FROM counter').length, 3);
});

test('of an identity that is dropped nothing is left, and it may come again', (t) => {
  const { transact, sent, counters, db } = counting(t);
  transact(['a', 'b']);
  db.exec('BEGIN');
  counters.set('a', counters.of('a'));
  counters.drop('a');
  counters.write();
  db.exec('COMMIT');
  counters.committed();
  assert.equal(sent('a'), 0);
  assert.deepEqual(
    db.all('SELECT identity_id FROM identity_number').map((row) => row['identity_id']),
    ['b'],
  );
  transact(['a']);
  assert.deepEqual([sent('a'), sent('b')], [1, 1]);
});

test('beyond what memory keeps counters are read again', (t) => {
  const { transact, sent } = counting(t, 2);
  for (const id of ['a', 'b', 'c', 'd', 'a']) transact([id]);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((id) => sent(id)),
    [2, 1, 1, 1],
  );
});
