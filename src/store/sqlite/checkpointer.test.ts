// The checkpointer ends with its writer: it never keeps a process alive.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startCheckpointer } from './checkpointer.ts';
import { openAt, removeDirectory, temporaryDirectory } from './sqlite.contract-fixtures.ts';

test('a checkpointer holds nobody up who wants to end', (t) => {
  const dataDirectory = temporaryDirectory();
  t.after(() => removeDirectory(dataDirectory));
  openAt(dataDirectory).close();
  const holding = (): readonly string[] =>
    process.getActiveResourcesInfo().filter((what) => /Port|Worker/.test(what));
  const before = holding();
  startCheckpointer(dataDirectory, { written: () => undefined, failed: () => undefined });
  assert.deepEqual(holding(), before);
});
