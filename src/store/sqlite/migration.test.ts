// Stores as earlier versions wrote them, one file for each format that was ever released: each opens with its full queue.

import assert from 'node:assert/strict';
import { copyFileSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyTrail } from '../../audit/verify.ts';
import { messageIdSource } from '../../base/message-id.ts';
import { START, acceptOf, countedEntropy, identityChange, virtualClock } from '../store.contract-fixtures.ts';
import { withCredentials } from '../shown-identity.ts';
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
      assert.ok((await lookups.sharedKey({ purpose: 'label', period: '2026-11-24' })) !== undefined);
      assert.equal(
        (await lookups.findMessages({ kind: 'address', address: 'x3@far.example' }, { max: 10 })).ids.length,
        1,
      );
      assert.equal(
        (await lookups.findMessages({ kind: 'messageIdField', value: '<m4@example.org>' }, { max: 10 })).ids
          .length,
        1,
      );
      const fromThere = await lookups.findMessages({ kind: 'network', address: '192.0.2.200' }, { max: 10 });
      assert.ok(fromThere.ids.length >= 5, 'by the network of the client');
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
        { type: 'claim', owner: 'o', token: 't', shares: [{ max: 100 }] },
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

test('E-Q-7 E-Q-8: what was held before because of its identity is held still, and goes on when that may send', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-migration-'));
  try {
    const file = join(directory, STORE_FILE);
    copyFileSync('test/fixtures/store-9.sqlite', file);
    const db = openDatabase(file);
    db.run("UPDATE identity SET state = 'suspended' WHERE id = 'alice0'");
    const numbers = db.all('SELECT n FROM message ORDER BY n').map((row) => row['n'] as number);
    assert.equal(numbers.length, 3);
    const identities = ['alice0', 'alice0', 'nobody'];
    numbers.forEach((n, at) => {
      db.run('UPDATE message SET identity_id = ? WHERE n = ?', identities[at] ?? null, n);
      db.run('UPDATE recipient SET owner = NULL, held = ? WHERE message_n = ?', at === 1 ? 3 : 2, n);
    });
    db.close();
    const { store, lookups, close } = openSqliteStore({
      ...{ dataDirectory: directory, clock: virtualClock(), entropy: countedEntropy() },
    });
    const heldBy = async (): Promise<readonly string[]> => {
      const entries = await lookups.queue({ held: true }, { max: 99 });
      assert.equal((await lookups.queueTotals()).held, entries.length);
      return [...new Set(entries.map((entry) => `${entry.message.identityId}: ${entry.heldBy.join()}`))];
    };
    assert.deepEqual((await heldBy()).slice(0, 3), [
      ...['alice0: identity', 'alice0: operator,identity'],
      'nobody: operator',
    ]);
    const claim = { type: 'claim', owner: 'o', now: START, shares: [{ max: 100 }] } as const;
    const none = await store.commit([{ ...claim, token: '1' }]);
    assert.deepEqual(none[0].type === 'claimed' && none[0].deliveries, []);
    const alice = await lookups.identityByLogin('alice@example.org');
    assert.ok(alice);
    const active = {
      ...withCredentials(alice),
      state: 'active',
      revision: alice.revision + 1,
    } as const;
    await store.commit([identityChange(active, alice.revision, START)]);
    assert.deepEqual(await heldBy(), ['alice0: operator', 'nobody: operator']);
    const [some] = await store.commit([{ ...claim, token: '2' }]);
    assert.ok(some.type === 'claimed');
    const claimed = new Set(some.messages.map(({ identityId }) => identityId));
    assert.deepEqual(claimed, new Set(['alice0']));
    close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

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
    const { events } = await lookups.findEvents([term], {
      max: 9,
      types: ['refused', 'authenticationFailed'],
    });
    assert.deepEqual(
      events.map(({ type }) => type),
      ['authenticationFailed', 'refused'],
    );
    close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test('E-Q-7 D-OUT-1: what an account had sent counts after the step that packed the counters', async () => {
  for (const file of [
    'store-10',
    'store-11',
    'store-12',
    'store-13',
    'store-14',
    'store-15',
    'store-16',
    'store-17',
  ]) {
    const directory = mkdtempSync(join(tmpdir(), 'postern-migration-'));
    try {
      copyFileSync(`test/fixtures/${file}.sqlite`, join(directory, STORE_FILE));
      const clock = virtualClock(START + 60_000);
      const { store, close } = openSqliteStore({
        dataDirectory: directory,
        ...{ clock, entropy: countedEntropy() },
      });
      const ids = messageIdSource((length) => new Uint8Array(length).fill(7));
      const limits = { messagesPerHour: 2 };
      const said = { identityId: 'alice0', charge: { identityId: 'alice0', limits } };
      const types: string[] = [];
      for (let count = 0; count < 2; count += 1) {
        const [{ type }] = await store.commit([acceptOf(ids.next(clock.now()), clock.now(), said)]);
        types.push(type);
      }
      assert.deepEqual(types, ['accepted', 'limited'], file);
      close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }
});
