// Stores as earlier versions wrote them, one file for each format that was ever released: each opens with its full queue.

import assert from 'node:assert/strict';
import { copyFileSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyTrail } from '../../audit/verify.ts';
import { countedEntropy, START, virtualClock } from '../store.contract-fixtures.ts';
import { openDatabase } from './database.ts';
import { openSqliteStore } from './open.ts';
import { migrations, STORE_FILE, versionOf } from './schema.ts';

const files = globSync('test/fixtures/store-*.sqlite').sort();

test('E-Q-7: there is a store of every released format', () => {
  assert.equal(files.length, migrations.length);
});

for (const file of files) {
  test(`E-Q-7 D-TR-3: ${file} opens: queue, accounts, keys and trail are there`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'postern-migration-'));
    try {
      copyFileSync(file, join(directory, STORE_FILE));
      const { store, lookups, close } = openSqliteStore({
        dataDirectory: directory,
        clock: virtualClock(),
        entropy: countedEntropy(),
      });
      assert.deepEqual(await lookups.queueTotals(), {
        messages: 5,
        deliveries: 10,
        held: 0,
        oldestAcceptedAt: START,
        byDomain: [{ domain: 'far.example', deliveries: 10 }],
      });
      assert.equal((await lookups.identityByLogin('alice@example.org'))?.id, 'alice0');
      assert.ok((await lookups.dayKey('2026-11-24')) !== undefined);
      assert.equal(
        (await lookups.findMessages({ kind: 'address', address: 'x3@far.example' }, { max: 10 })).ids.length,
        1,
      );
      assert.equal(
        (await lookups.findMessages({ kind: 'messageIdField', value: '<m4@example.org>' }, { max: 10 })).ids
          .length,
        1,
      );
      const { broken } = await verifyTrail(lookups);
      assert.equal(broken, undefined, JSON.stringify(broken));
      const events = await lookups.events({ max: 99 });
      assert.equal(
        events.filter(({ type }) => type === 'chainVersion').length,
        1,
        'links cover more from there on',
      );
      const [, claimed] = await store.commit([
        // Since format 4 what a front has in hand stands apart: the last two of its messages.
        { type: 'free', ownerPrefix: 'old/', dueAt: START },
        { type: 'claim', owner: 'o', token: 't', now: START, shares: [{ max: 100 }] },
      ]);
      assert.equal(claimed.type === 'claimed' && claimed.deliveries.length, 10);
      close();
      const db = openDatabase(join(directory, STORE_FILE));
      assert.equal(versionOf(db), migrations.length);
      db.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

test('E-Q-7 D-TR-1: refusals of before are found by their identity after the step that made them findable', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-migration-'));
  try {
    const file = join(directory, STORE_FILE);
    copyFileSync('test/fixtures/store-5.sqlite', file);
    const db = openDatabase(file);
    assert.ok(db.run("DELETE FROM trail_term WHERE term = 'identity:alice0'") > 0);
    db.exec('PRAGMA user_version = 4');
    db.close();
    const opened = { dataDirectory: directory, clock: virtualClock(), entropy: countedEntropy() };
    const { lookups, close } = openSqliteStore(opened);
    const term = { kind: 'identity', identityId: 'alice0' } as const;
    const { events } = await lookups.findEvents([term], { max: 9 });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['authenticationFailed', 'refused'],
    );
    close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
