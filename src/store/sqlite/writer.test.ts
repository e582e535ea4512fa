import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { acceptOf, countedEntropy, virtualClock } from '../store.contract-fixtures.ts';
import { openDatabase } from './database.ts';
import { migrate, STORE_FILE } from './schema.ts';
import { removeDirectory, temporaryDirectory } from './sqlite.contract-fixtures.ts';
import { createWriter } from './writer.ts';

test('5321-y E-Q-7: sqlite: a commit whose syncs turn out to be worth nothing is not acknowledged', (t) => {
  const dataDirectory = temporaryDirectory();
  const db = openDatabase(join(dataDirectory, STORE_FILE));
  t.after(() => {
    db.close();
    removeDirectory(dataDirectory);
  });
  const now = virtualClock().now();
  migrate(db, now);
  let aborted = false;
  const witness = {
    confirm() {
      if (aborted) throw new Error('EROFS: read-only file system, ftruncate');
    },
    close: () => undefined,
  };
  const noticed: unknown[] = [];
  const options = { dataDirectory, clock: virtualClock(), entropy: countedEntropy() };
  const writer = createWriter(db, { ...options, onNotice: (notice) => noticed.push(notice) }, witness);
  const accept = (id: string) => writer.apply([acceptOf(id, now, {})]);
  assert.deepEqual(accept('01ARZ3NDEKTSV4RRFFQ69G5FAV'), [{ type: 'accepted' }]);
  const told = noticed.length;
  aborted = true;
  assert.throws(() => accept('01ARZ3NDEKTSV4RRFFQ69G5FAW'), /EROFS/);
  assert.equal(noticed.length, told);
  assert.throws(() => writer.logWritten(), /EROFS/);
});
