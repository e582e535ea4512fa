// What opening an engine loads: a thread on the embedded store holds nothing of PostgreSQL.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { countedEntropy, virtualClock } from './store.contract-fixtures.ts';
import { openEngine } from './engine.ts';

const isPgLoaded = (): boolean =>
  Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('/node_modules/pg/'));

test('the embedded engine loads nothing of pg, and the other one does when it connects', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-engine-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const ports = { clock: virtualClock(), entropy: countedEntropy() };
  const embedded = await openEngine({ engine: 'sqlite', directory });
  const opened = await embedded.open(ports);
  assert.deepEqual(await opened.lookups.queue({}, { max: 1 }), []);
  await (await embedded.lookups()).identities({ max: 1 });
  opened.close();
  assert.equal(isPgLoaded(), false);
  const server = { hosts: [{ host: directory, port: 1 }], database: 'none', user: 'none' };
  const shared = await openEngine({ engine: 'postgres', directory, node: 'n', server });
  assert.equal(isPgLoaded(), false);
  await assert.rejects(shared.open(ports), /no PostgreSQL/);
  assert.equal(isPgLoaded(), true);
});
