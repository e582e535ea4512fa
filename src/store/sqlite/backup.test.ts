import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyTrail } from '../../audit/verify.ts';
import { acceptOf, final, identityOf, settleOf, started } from '../store.contract-fixtures.ts';
import { restoreStore } from './backup.ts';
import { NotABackup, openBackup, writeNewFile } from './backup-file.ts';
import { bodyIds, bodyPath } from './bodies.ts';
import { openDatabase } from './database.ts';
import { STORE_FILE } from './schema.ts';
import {
  backupStore,
  openAt,
  openInside,
  removeDirectory,
  temporaryDirectory,
} from './sqlite.contract-fixtures.ts';

const anyTrail = async (): Promise<void> => undefined;

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
      assert.equal(statSync(path).mode & 0o777, 0o600, 'from its first octet');
      await writer.backup(path);
      const beside = readdirSync(target).map((name) => statSync(join(target, name)).mode & 0o777);
      assert.deepEqual([...new Set(beside)], [0o600]);
      // The large one is delivered before its body was copied: it stays until then.
      await bench.one(settleOf('a', ours, final, bench.clock.now()));
      assert.deepEqual(await bench.queued(), [`${message.id}/0`]);
    },
  };
  const result = await backupStore(busy, dataDirectory, file);
  assert.deepEqual(result, { messages: 2, events: 3, bodies: 1 });
  assert.deepEqual(bodyIds(dataDirectory), [], 'removed when the copy was done');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(target), ['backup.db'], 'nothing beside it');
  await assert.rejects(backupStore(inside().writer, dataDirectory, file), /exists already/);

  const home = join(target, 'restored');
  assert.deepEqual(await restoreStore(file, home, anyTrail), result);
  await assert.rejects(restoreStore(file, home, anyTrail), /restore into an empty data directory/);
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
  const cut = join(target, 'cut.db');
  cpSync(backup, cut);
  truncateSync(cut, statSync(cut).size - 8192);
  const damaged = join(target, 'damaged.db');
  const octets = readFileSync(backup);
  octets.fill(0xff, 2 * 8192, 4 * 8192);
  writeFileSync(damaged, octets);
  const vectors = [
    { why: 'cut off', file: cut },
    { why: 'with pages that are damaged', file: damaged },
    { why: 'a store, not a backup', file: join(dataDirectory, STORE_FILE) },
    { why: 'of a newer version', file: newer },
    { why: 'no database at all', file: garbage },
  ];
  for (const { why, file } of vectors) {
    const home = join(target, 'home');
    await assert.rejects(restoreStore(file, home, anyTrail), NotABackup, why);
    assert.equal(existsSync(join(home, STORE_FILE)), false, why);
    assert.equal(existsSync(join(home, `${STORE_FILE}.part`)), false, why);
  }
});

test('sqlite: what a killed restore left beside its file does not spoil the next', async (t) => {
  const { bench, dataDirectory, inside } = await openInside(t);
  await bench.accepted({ text: `A: b\r\n\r\n${'x'.repeat(100_000)}\r\n` });
  const target = temporaryDirectory();
  t.after(() => removeDirectory(target));
  const file = join(target, 'backup.db');
  const result = await backupStore(inside().writer, dataDirectory, file);
  const home = join(target, 'home');
  mkdirSync(home);
  const part = join(home, `${STORE_FILE}.part`);
  leaveJournal(file, part);
  assert.deepEqual(await restoreStore(file, home, anyTrail), result);
  assert.equal(existsSync(`${part}-journal`), false);
});

test('sqlite: a backup writes no file but the bodies that its messages name, and all of these', async (t) => {
  const { bench, dataDirectory, inside } = await openInside(t);
  const id = bench.nextId();
  const stage = await bench.store.stage(id);
  await stage.append(Buffer.from('large\r\n'));
  await stage.finish();
  await bench.one(acceptOf(id, bench.clock.now(), { text: 'A: b\r\n\r\n', staged: true }));
  const target = temporaryDirectory();
  t.after(() => removeDirectory(target));
  const backup = join(target, 'backup.db');
  const result = await backupStore(inside().writer, dataDirectory, backup);
  const home = join(target, 'home');
  const vectors = [
    {
      sql: "INSERT INTO backup_body VALUES ('../../outside', x'41')",
      words: /no message of it names: "\.\.\/\.\.\/outside"/,
    },
    { sql: "UPDATE backup_body SET id = '../../outside'", words: /no message of it names/ },
    { sql: `UPDATE backup_body SET id = lower('${id}')`, words: /no message of it names/ },
    { sql: `INSERT INTO backup_body VALUES ('${bench.nextId()}', x'41')`, words: /no message of it names/ },
    { sql: 'DELETE FROM backup_body', words: /lacks 1 bodies that its messages name/ },
  ];
  for (const [at, { sql, words }] of vectors.entries()) {
    const file = join(target, `${at}.db`);
    cpSync(backup, file);
    const db = openDatabase(file);
    db.exec(sql);
    db.close();
    const before = readdirSync(target);
    await assert.rejects(
      restoreStore(file, home, anyTrail),
      (error) => error instanceof NotABackup && words.test(error.message),
      sql,
    );
    assert.deepEqual(
      readdirSync(target).filter((name) => name !== 'home'),
      before.filter((name) => name !== 'home'),
      sql,
    );
    assert.deepEqual([readdirSync(home), bodyIds(home)], [[], []], sql);
  }
  mkdirSync(join(home, 'bodies'));
  const path = bodyPath(home, id);
  writeFileSync(path, 'of another store');
  await assert.rejects(
    restoreStore(backup, home, anyTrail),
    /bodies.* exists: restore into an empty data directory/,
  );
  assert.equal(readFileSync(path, 'utf8'), 'of another store');
  writeFileSync(path, 'lar');
  assert.deepEqual(
    await restoreStore(backup, home, anyTrail),
    result,
    "what a killed restore began is in nobody's way",
  );
  assert.equal(readFileSync(path, 'utf8'), 'large\r\n');
});

/** As a process leaves it that is killed while SQLite changes a copy of the file. */
function leaveJournal(file: string, path: string): void {
  const changing = `${path}.changing`;
  cpSync(file, changing);
  const db = openDatabase(changing);
  db.exec(
    'PRAGMA journal_mode = DELETE; DROP TABLE backup_body; PRAGMA cache_size = 1; PRAGMA cache_spill = 1',
  );
  db.exec('BEGIN IMMEDIATE; UPDATE content SET content = zeroblob(100000); CREATE TABLE changing (n)');
  cpSync(`${changing}-journal`, `${path}-journal`);
  db.exec('ROLLBACK');
  db.close();
  rmSync(changing);
}

test('sqlite: a copy that is found wanting, or cannot be finished, gets no name; a file that came meanwhile stays', async (t) => {
  const target = temporaryDirectory();
  t.after(() => removeDirectory(target));
  const file = join(target, 'backup.db');
  const write = async (aside: string): Promise<void> => writeFileSync(aside, 'half', { mode: 0o600 });
  const inspected = async (aside: string): Promise<void> => openBackup(aside).close();
  await assert.rejects(writeNewFile(file, write, inspected), NotABackup);
  assert.deepEqual(readdirSync(target), []);
  const fails = async (aside: string): Promise<void> => {
    await write(aside);
    throw new Error('the server went away');
  };
  await assert.rejects(writeNewFile(file, fails, inspected), /went away/);
  assert.deepEqual(readdirSync(target), []);
  const races = async (aside: string): Promise<void> => {
    await write(aside);
    writeFileSync(file, 'of somebody else');
  };
  await assert.rejects(
    writeNewFile(file, races, async () => undefined),
    /exists already: name a new file/,
  );
  assert.equal(readFileSync(file, 'utf8'), 'of somebody else');
  assert.deepEqual(readdirSync(target), ['backup.db']);
});

test('F-OPS-5: sqlite: a copy says what is in its way by the name that was given: a link that leads nowhere, no directory', async (t) => {
  const target = temporaryDirectory();
  t.after(() => removeDirectory(target));
  const never = (): Promise<never> => assert.fail('nothing is written');
  const refused = (file: string, words: string) =>
    assert.rejects(writeNewFile(file, never, never), { message: words });
  const link = join(target, 'link.db');
  symlinkSync(join(target, 'nowhere'), link);
  await refused(link, `${link} exists already: name a new file`);
  await refused(join(target, 'none', 'x.db'), `${join(target, 'none')}: there is no such directory`);
  writeFileSync(join(target, 'plain'), '');
  await refused(join(target, 'plain', 'x.db'), `${join(target, 'plain')}: there is no such directory`);
  assert.deepEqual(readdirSync(target).sort(), ['link.db', 'plain']);
  const home = join(target, 'home');
  mkdirSync(home);
  symlinkSync(join(target, 'nowhere'), join(home, STORE_FILE));
  await assert.rejects(restoreStore(link, home, anyTrail), /restore into an empty data directory/);
  await assert.rejects(restoreStore(home, join(target, 'empty'), anyTrail), {
    message: `${home}: it is a directory, and a file is wanted`,
  });
});
