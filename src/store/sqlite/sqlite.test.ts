import assert from 'node:assert/strict';
import { cpSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyTrail } from '../../audit/verify.ts';
import { storeContract } from '../store.contract.ts';
import { acceptOf, started } from '../store.contract-fixtures.ts';
import { delivered } from '../store.contract-trail.ts';
import { bodyIds } from './bodies.ts';
import { openDatabase } from './database.ts';
import { number, text } from '../row.ts';
import { lockDataDirectory } from './data-directory.ts';
import { StoreLocked, StoreTooNew } from '../engine-errors.ts';
import { migrate, migrations, STORE_FILE, versionOf } from './schema.ts';
import {
  openAt,
  openInside,
  openSqlite,
  removeDirectory,
  temporaryDirectory,
} from './sqlite.contract-fixtures.ts';

storeContract('sqlite', openSqlite);

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

test('sqlite: the files belong to the server alone', async (t) => {
  const { bench, dataDirectory } = await openInside(t);
  const stage = await bench.store.stage(bench.nextId());
  lockDataDirectory(dataDirectory)();
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
  assert.equal((await again.lookups.events({ max: 9 })).length, 1);
});

test('sqlite: a directory is one server’s: the second is refused until the first lets go', (t) => {
  const dataDirectory = join(temporaryDirectory(), 'new', 'data');
  t.after(() => removeDirectory(join(dataDirectory, '..', '..')));
  const unlock = lockDataDirectory(dataDirectory);
  assert.throws(() => lockDataDirectory(dataDirectory), StoreLocked);
  assert.throws(() => lockDataDirectory(dataDirectory), { message: /another Postern uses .*data: stop it/ });
  unlock();
  lockDataDirectory(dataDirectory)();
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
  const files = (): readonly string[] => readdirSync(join(dataDirectory, 'bodies'));
  assert.equal(files().length, 3);
  await bench.restart();
  assert.deepEqual(files(), [named]);
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
    assert.deepEqual([broken, events], [{ event: { chain: 1, sequence: at }, because: why }, 3], sql);
    db.run('DELETE FROM event WHERE sequence IN (4, 400)');
    db.run('INSERT INTO event SELECT * FROM intact');
    assert.equal((await verifyTrail(bench.lookups)).broken, undefined);
  }
});
