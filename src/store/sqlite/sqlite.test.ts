import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { verifyTrail } from '../../audit/verify.ts';
import type { Lookups } from '../lookups.ts';
import { storeContract } from '../store.contract.ts';
import {
  acceptOf,
  Bench,
  countedEntropy,
  DAY,
  final,
  identityOf,
  type Open,
  type OpenOptions,
  settleOf,
  started,
  virtualClock,
} from '../store.contract-fixtures.ts';
import { delivered, findable, findableTerms, unfindableTerms } from '../store.contract-trail.ts';
import { backupStore, NotABackup, restoreStore } from './backup.ts';
import { bodyIds } from './bodies.ts';
import { number, openDatabase, text } from './database.ts';
import { lockDirectory, openSqliteStore, type OpenStore, StoreLocked } from './open.ts';
import { STORE_FILE } from './schema.ts';
import { migrate, migrations, StoreTooNew, versionOf } from './schema.ts';
import { createWriter } from './writer.ts';

function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'postern-store-'));
}

const removeDirectory = (path: string): void => rmSync(path, { recursive: true, force: true });

function openAt(
  dataDirectory: string,
  options: Partial<OpenOptions> & { readonly sweepStages?: boolean } = {},
): OpenStore {
  return openSqliteStore({ dataDirectory, clock: virtualClock(), entropy: countedEntropy(), ...options });
}

const open: Open = async (options) => {
  const dataDirectory = temporaryDirectory();
  let now = openAt(dataDirectory, options);
  const opened = () => ({
    store: now.store,
    lookups: now.lookups,
    async restart() {
      now.close();
      now = openAt(dataDirectory, options);
      return opened();
    },
    close() {
      now.close();
      removeDirectory(dataDirectory);
    },
  });
  return opened();
};

storeContract('sqlite', open);

/** A store whose directory and insides the test may touch. */
async function openInside(
  t: TestContext,
): Promise<{ bench: Bench; dataDirectory: string; inside(): OpenStore }> {
  const dataDirectory = temporaryDirectory();
  let now: OpenStore | undefined;
  const bench = await Bench.open(async (options) => {
    const opened = () => {
      now = openAt(dataDirectory, options);
      const { store, lookups } = now;
      return { store, lookups, restart: async () => (now?.close(), opened()), close: () => now?.close() };
    };
    return opened();
  });
  t.after(async () => {
    await bench[Symbol.asyncDispose]();
    removeDirectory(dataDirectory);
  });
  return {
    bench,
    dataDirectory,
    inside() {
      assert.ok(now);
      return now;
    },
  };
}

test('5321-y E-Q-7: sqlite: what was acknowledged outlives a kill, and asked again it does not come twice', async (t) => {
  const { bench, dataDirectory } = await openInside(t);
  const first = await bench.accepted();
  const id = bench.nextId();
  const stage = await bench.store.stage(id);
  await stage.append(Buffer.from('body\r\n'));
  await stage.finish();
  const second = acceptOf(id, bench.clock.now(), { text: 'A: b\r\n\r\n', staged: true });
  await bench.one(second);
  // The files as a kill at this moment leaves them.
  const copy = temporaryDirectory();
  t.after(() => removeDirectory(copy));
  cpSync(dataDirectory, copy, { recursive: true });
  const after = openAt(copy);
  t.after(() => after.close());
  assert.deepEqual(await after.store.commit([first, second]), [{ type: 'accepted' }, { type: 'accepted' }]);
  const entries = await after.lookups.queue({}, { max: 9 });
  assert.deepEqual(
    entries.map((entry) => entry.message.id),
    [first.message.id, id],
  );
  const pieces: Uint8Array[] = [];
  for await (const piece of (await after.lookups.content(id)) ?? []) pieces.push(piece);
  assert.equal(Buffer.concat(pieces).toString(), 'A: b\r\n\r\nbody\r\n');
  const { events, broken } = await verifyTrail(after.lookups);
  assert.deepEqual([events, broken], [2, undefined]);
});

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

test('sqlite: the files belong to the server alone', async (t) => {
  const { bench, dataDirectory } = await openInside(t);
  const stage = await bench.store.stage(bench.nextId());
  lockDirectory(dataDirectory)();
  const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
  assert.equal(mode(dataDirectory), '700');
  assert.equal(mode(join(dataDirectory, 'bodies')), '700');
  const [body] = bodyIds(dataDirectory);
  assert.equal(mode(join(dataDirectory, 'bodies', body ?? '')), '600');
  await stage.discard();
});

test('sqlite: a new file has the newest format, and opening it again changes nothing', async (t) => {
  const { bench, dataDirectory } = await openInside(t);
  await bench.accepted();
  const db = openDatabase(join(dataDirectory, STORE_FILE));
  t.after(() => db.close());
  assert.equal(versionOf(db), migrations.length);
  const schema = (): readonly string[] =>
    db.all('SELECT sql FROM sqlite_master ORDER BY name').map((row) => text(row, 'sql'));
  const before = schema();
  await bench.restart();
  assert.deepEqual(schema(), before);
  assert.equal(number(db.get('SELECT count(*) AS count FROM chain') ?? {}, 'count'), 1);
  assert.deepEqual(await bench.eventTypes(), ['accepted']);
});

test('sqlite: a migration that fails leaves the file as it was', (t) => {
  const dataDirectory = temporaryDirectory();
  t.after(() => removeDirectory(dataDirectory));
  const db = openDatabase(join(dataDirectory, STORE_FILE));
  // The first step makes `message` before it comes to this name.
  db.exec('CREATE TABLE day_key (x)');
  assert.throws(() => migrate(db, 1), /already exists/);
  assert.equal(versionOf(db), 0);
  assert.equal(db.get("SELECT name FROM sqlite_master WHERE name = 'message'"), undefined);
  db.exec('DROP TABLE day_key');
  migrate(db, 1);
  assert.equal(versionOf(db), migrations.length);
  db.close();
});

test('sqlite: a store of a newer version is refused and left alone', async (t) => {
  const dataDirectory = temporaryDirectory();
  t.after(() => removeDirectory(dataDirectory));
  const written = openAt(dataDirectory);
  await written.store.commit([{ type: 'record', events: [started(1)] }]);
  written.close();
  const setVersion = (version: number): void => {
    const db = openDatabase(join(dataDirectory, STORE_FILE));
    db.exec(`PRAGMA user_version = ${version}`);
    db.close();
  };
  const newer = migrations.length + 1;
  setVersion(newer);
  const message = new RegExp(`format ${newer}, this one knows ${migrations.length}`);
  assert.throws(() => openAt(dataDirectory), { name: 'StoreTooNew', message });
  assert.throws(() => openAt(dataDirectory), StoreTooNew);
  setVersion(migrations.length);
  const again = openAt(dataDirectory);
  t.after(() => again.close());
  assert.equal((await again.lookups.events({ afterSequence: 0, max: 9 })).length, 1);
});

test('sqlite: a directory is one server’s: the second is refused until the first lets go', (t) => {
  const dataDirectory = join(temporaryDirectory(), 'new', 'data');
  t.after(() => removeDirectory(join(dataDirectory, '..', '..')));
  const unlock = lockDirectory(dataDirectory);
  assert.throws(() => lockDirectory(dataDirectory), StoreLocked);
  assert.throws(() => lockDirectory(dataDirectory), { message: /another Postern uses .*data: stop it/ });
  unlock();
  lockDirectory(dataDirectory)();
});

test('sqlite: bodies that no message names are swept when the store opens, whatever their name', async (t) => {
  const { bench, dataDirectory } = await openInside(t);
  const named = bench.nextId();
  for (const id of [named, bench.nextId()]) {
    const stage = await bench.store.stage(id);
    await stage.append(Buffer.from('x'));
    await stage.finish();
  }
  await bench.one(acceptOf(named, bench.clock.now(), { text: 'A: b\r\n\r\n', staged: true }));
  writeFileSync(join(dataDirectory, 'bodies', 'no id.tmp'), '');
  assert.equal(bodyIds(dataDirectory).length, 3);
  await bench.restart();
  assert.deepEqual(bodyIds(dataDirectory), [named]);
});

test('5321-y: sqlite: a body that is being staged outlives a writer that dies, and is there when its accept comes', async (t) => {
  const { bench, dataDirectory } = await openInside(t);
  const id = bench.nextId();
  const stage = await bench.store.stage(id);
  await stage.append(Buffer.from('before '));
  openAt(dataDirectory, { sweepStages: false }).close();
  await stage.append(Buffer.from('after\r\n'));
  await stage.finish();
  await bench.one(acceptOf(id, bench.clock.now(), { text: 'A: b\r\n\r\n', staged: true }));
  assert.equal(await bench.text(id), 'A: b\r\n\r\nbefore after\r\n');
});

/** Everything that a look-up in the trail can tell. */
async function trailAnswers(lookups: Lookups, ids: readonly string[]): Promise<unknown> {
  const terms = [...findableTerms, ...unfindableTerms].map(({ term }) => term);
  const byId = ids.map((id) => ({ kind: 'id', id }) as const);
  return {
    found: await Promise.all([...terms, ...byId].map((term) => lookups.findMessages(term, 9))),
    told: await Promise.all(ids.map((id) => lookups.eventsOfMessage(id, 99))),
  };
}

test('BCP134-3.1-h: sqlite: the index of the trail changes no answer, however far it has come', async (t) => {
  const { bench, inside } = await openInside(t);
  const ids: string[] = [];
  const deliverSome = async (): Promise<void> => {
    ids.push(await delivered(bench, findable));
    ids.push(await delivered(bench, { identityId: 'i2', from: 'x@example.org' }));
    bench.clock.advance(DAY);
  };
  const indexAll = async (why: string, max: number): Promise<void> => {
    const before = await trailAnswers(bench.lookups, ids);
    for (let slice = 1; inside().writer.indexTail(max); slice += 1) {
      assert.deepEqual(await trailAnswers(bench.lookups, ids), before, `${why}, after slice ${slice}`);
    }
    assert.deepEqual(await trailAnswers(bench.lookups, ids), before, why);
  };
  for (let count = 0; count < 4; count += 1) await deliverSome();
  await indexAll('nothing was forgotten', 4);

  // Forgotten when it was indexed, and before it was.
  await deliverSome();
  const purge = {
    type: 'purge',
    eventsBefore: bench.clock.now() - 4 * DAY,
    now: bench.clock.now(),
    max: 99,
  } as const;
  assert.equal((await bench.one(purge)).type, 'purged');
  await indexAll('some was purged after it was indexed', 4);
  await deliverSome();
  const before = bench.clock.now();
  const erase = {
    type: 'erase',
    addresses: ['carla@bücher.example'],
    before,
    now: before,
    by: 'root',
  } as const;
  assert.deepEqual(await bench.one(erase), { type: 'erased', count: 25, kept: 0 });
  await indexAll('some was erased before it was indexed', 4);
  assert.equal(inside().writer.indexTail(4), false);
});

test('BCP134-3.1-h: sqlite: what an address has a great many of is read newest first, page by page, and no further than asked', async (t) => {
  const { bench, inside } = await openInside(t);
  const ids: string[] = [];
  for (let count = 0; count < 1100; count += 1)
    ids.unshift((await bench.accepted({ dueAt: bench.clock.now() + DAY })).message.id);
  const [event] = await bench.lookups.eventsOfMessage(ids[0] ?? '', 1);
  assert.ok(event?.type === 'accepted' && event.payload !== undefined);
  const term = { kind: 'address', address: event.payload.envelope.reversePath } as const;
  const all = (): Promise<readonly string[]> => bench.lookups.findMessages(term, 2000);
  assert.deepEqual(await all(), ids, 'from the tail alone');
  // Half of it is indexed, then all: the seams lie in and between pages.
  inside().writer.indexTail(550);
  assert.deepEqual(await all(), ids);
  while (inside().writer.indexTail(100));
  assert.deepEqual(await all(), ids);
  assert.deepEqual(await bench.lookups.findMessages(term, 3), ids.slice(0, 3));
});

test('D-TR-3: sqlite: one flipped bit in what an event says is found', async (t) => {
  const { bench, dataDirectory } = await openInside(t);
  for (let count = 0; count < 3; count += 1) await delivered(bench, {});
  assert.equal((await verifyTrail(bench.lookups)).broken, undefined);
  const db = openDatabase(join(dataDirectory, STORE_FILE));
  t.after(() => db.close());
  db.exec('CREATE TEMP TABLE intact AS SELECT * FROM event WHERE sequence = 4');
  const stored = db.get('SELECT payload FROM event WHERE sequence = 4')?.['payload'];
  assert.ok(stored instanceof Uint8Array);
  const flipped = stored.with(20, (stored[20] ?? 0) ^ 1);
  const vectors = [
    { why: 'its content was changed', sql: 'payload = ?', values: [flipped] },
    { why: 'half of its content is gone', sql: 'salt = NULL', values: [] },
    { why: 'its link does not follow from the one before', sql: 'time = time - 1', values: [] },
    {
      why: 'its link does not follow from the one before',
      sql: "identity_id = 'x', message_id = NULL",
      values: [],
    },
    { why: 'event 4 is missing', sql: 'sequence = 400', values: [], at: 5 },
  ];
  for (const { why, sql, values, at = 4 } of vectors) {
    db.run(`UPDATE event SET ${sql} WHERE sequence = 4`, ...values);
    const { broken, events } = await verifyTrail(bench.lookups);
    assert.deepEqual([broken, events], [{ sequence: at, because: why }, 3], sql);
    db.run('DELETE FROM event WHERE sequence IN (4, 400)');
    db.run('INSERT INTO event SELECT * FROM intact');
    assert.equal((await verifyTrail(bench.lookups)).broken, undefined);
  }
});

test('sqlite: a backup taken while mail comes and goes brings everything back', async (t) => {
  const { bench, dataDirectory, inside } = await openInside(t);
  await bench.written(identityOf('bot'));
  const { message } = await bench.accepted({ identityId: 'id-bot' });
  const leaving = bench.nextId();
  const stage = await bench.store.stage(leaving);
  await stage.append(Buffer.from('large\r\n'));
  await stage.finish();
  await bench.one(acceptOf(leaving, bench.clock.now(), { text: 'A: b\r\n\r\n', staged: true }));
  const claimed = await bench.claim('a');
  const target = temporaryDirectory();
  t.after(() => removeDirectory(target));
  const file = join(target, 'backup.db');

  const { writer } = inside();
  const ours = claimed.filter(({ messageId }) => messageId === leaving);
  const busy = {
    ...writer,
    async backup(path: string) {
      await writer.backup(path);
      // The large one is delivered before its body was copied: it stays until then.
      await bench.one(settleOf('a', ours, final, bench.clock.now()));
      assert.deepEqual(await bench.queued(), [`${message.id}/0`]);
    },
  };
  const result = await backupStore(busy, dataDirectory, file);
  assert.deepEqual(result, { messages: 2, events: 3, bodies: 1 });
  assert.deepEqual(bodyIds(dataDirectory), [], 'removed when the copy was done');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(existsSync(`${file}.part`), false);
  await assert.rejects(backupStore(inside().writer, dataDirectory, file), /exists already/);

  const home = join(target, 'restored');
  assert.deepEqual(restoreStore(file, home), result);
  assert.throws(() => restoreStore(file, home), /restore into an empty data directory/);
  const restored = openAt(home);
  t.after(() => restored.close());
  const entries = await restored.lookups.queue({}, { max: 9 });
  assert.deepEqual(
    entries.map((entry) => [entry.message.id, entry.active]),
    [
      [message.id, false],
      [leaving, false],
    ],
    'nobody holds a lease any more',
  );
  const pieces: Uint8Array[] = [];
  for await (const piece of (await restored.lookups.content(leaving)) ?? []) pieces.push(piece);
  assert.equal(Buffer.concat(pieces).toString(), 'A: b\r\n\r\nlarge\r\n');
  assert.equal((await restored.lookups.identityByLogin('bot'))?.id, 'id-bot');
  const { events, broken } = await verifyTrail(restored.lookups);
  assert.deepEqual([events, broken], [result.events, undefined]);
  const [again] = await restored.store.commit([{ type: 'record', events: [started(bench.clock.now())] }]);
  assert.deepEqual(again, { type: 'recorded' });
  assert.equal((await verifyTrail(restored.lookups)).broken, undefined);
});

test('sqlite: what is no backup of ours is not restored, and leaves nothing behind', async (t) => {
  const { bench, dataDirectory, inside } = await openInside(t);
  await bench.accepted();
  const target = temporaryDirectory();
  t.after(() => removeDirectory(target));
  const backup = join(target, 'backup.db');
  await backupStore(inside().writer, dataDirectory, backup);
  const newer = join(target, 'newer.db');
  cpSync(backup, newer);
  const db = openDatabase(newer);
  db.exec('PRAGMA user_version = 99');
  db.close();
  const garbage = join(target, 'garbage.db');
  writeFileSync(garbage, Buffer.alloc(8192, 'x'));
  const vectors = [
    { why: 'a store, not a backup', file: join(dataDirectory, STORE_FILE) },
    { why: 'of a newer version', file: newer },
    { why: 'no database at all', file: garbage },
  ];
  for (const { why, file } of vectors) {
    const home = join(target, 'home');
    assert.throws(() => restoreStore(file, home), NotABackup, why);
    assert.equal(existsSync(join(home, STORE_FILE)), false, why);
    assert.equal(existsSync(join(home, `${STORE_FILE}.part`)), false, why);
  }
});
