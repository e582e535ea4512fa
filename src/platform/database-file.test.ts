// A database lies where its path says, or it is not opened: behind a link nothing is made and nothing is written.

import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openDatabaseFile } from './database-file.ts';
import { DirectoryUnusable } from './directory-unusable.ts';
import { lockFile } from './file-lock.ts';

function directory(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'postern-database-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const vectors = [
  { who: 'who writes', open: (path: string) => openDatabaseFile(path) },
  { who: 'who reads', open: (path: string) => openDatabaseFile(path, { readOnly: true }) },
  { who: 'who locks', open: (path: string) => lockFile(path) },
];

for (const { who, open } of vectors)
  test(`${who} follows no link, though nobody looked before`, (t) => {
    const [data, outside] = [directory(t), directory(t)];
    const [missing, kept] = [join(outside, 'missing'), join(outside, 'kept')];
    openDatabaseFile(kept).close();
    symlinkSync(missing, join(data, 'dangling'));
    symlinkSync(kept, join(data, 'leading'));
    assert.throws(() => open(join(data, 'dangling')));
    assert.ok(!existsSync(missing));
    assert.throws(
      () => open(join(data, 'leading')),
      (error) =>
        error instanceof DirectoryUnusable && error.message.startsWith(`${join(data, 'leading')} is a link`),
    );
    assert.equal(readFileSync(kept).length, 0);
  });

for (const suffix of ['-wal', '-shm', '-journal'])
  test(`SQLite follows no link in the place of what it keeps beside a database: ${suffix}`, (t) => {
    const [data, outside] = [directory(t), directory(t)];
    const path = join(data, 'x.sqlite');
    symlinkSync(join(outside, 'made'), `${path}${suffix}`);
    const file = openDatabaseFile(path);
    assert.throws(() => file.exec('CREATE TABLE kept (n); PRAGMA journal_mode = WAL; CREATE TABLE more (n)'));
    file.close();
    assert.deepEqual(readdirSync(outside), []);
  });

test('a database is made in a directory that a link names, for its user alone, whatever its path is made of', (t) => {
  const [base, named] = [directory(t), join(directory(t), 'named')];
  const odd = join(base, 'a ?mode=ro#%20é');
  mkdirSync(odd);
  symlinkSync(odd, named);
  const file = openDatabaseFile(join(named, 'x%41.sqlite'));
  file.exec('CREATE TABLE kept (n)');
  file.close();
  const made = join(odd, 'x%41.sqlite');
  assert.ok(statSync(made).size > 0);
  assert.equal(statSync(made).mode & 0o777, 0o600);
  const again = openDatabaseFile(made, { readOnly: true });
  assert.throws(() => again.exec('CREATE TABLE more (n)'), /readonly/);
  again.close();
});
