// A stage is durable when `finish` resolves: the content, and the entry of its file.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { syncsDuring } from '../../../test/fakes/sync-watch.ts';
import {
  bodyIds,
  bodyPath,
  makeBodiesDirectory,
  openStage,
  readBody,
  readWholeBody,
  sweepBodies,
} from './bodies.ts';
import { notDurableBecause, openDatabase } from './database.ts';
import { STORE_FILE } from './schema.ts';
import { openInside, removeDirectory, temporaryDirectory } from './sqlite.contract-fixtures.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('5321-y E-Q-7: sqlite: a staged body is synced, and so is the directory that names it, before its stage is finished', async (t) => {
  const dataDirectory = temporaryDirectory();
  t.after(() => removeDirectory(dataDirectory));
  makeBodiesDirectory(dataDirectory);
  const stage = await openStage(dataDirectory, ID);
  await stage.append(Buffer.from('large'));
  const synced = await syncsDuring(() => stage.finish());
  assert.deepEqual(synced.map(({ call, path }) => `${call} ${path}`).sort(), [
    `datasync ${bodyPath(dataDirectory, ID)}`,
    `sync ${join(dataDirectory, 'bodies')}`,
  ]);
  assert.ok(existsSync(bodyPath(dataDirectory, ID)));
});

test('sqlite: what is no message id makes no path, and a file that is named otherwise is no body', (t) => {
  const dataDirectory = temporaryDirectory();
  t.after(() => removeDirectory(dataDirectory));
  for (const id of [
    '',
    '.',
    '..',
    '../../../x',
    `/${ID.slice(1)}`,
    ID.toLowerCase(),
    `${ID}0`,
    `${ID.slice(1)}/`,
  ])
    assert.throws(() => bodyPath(dataDirectory, id), /is no message id/, id);
  makeBodiesDirectory(dataDirectory);
  writeFileSync(bodyPath(dataDirectory, ID), '');
  writeFileSync(join(dataDirectory, 'bodies', 'README'), '');
  assert.deepEqual(bodyIds(dataDirectory), [ID]);
});

test('sqlite: no link is followed: the sweep removes nothing behind one, and no other file is read for a body', async (t) => {
  const [dataDirectory, outside] = [temporaryDirectory(), temporaryDirectory()];
  t.after(() => [dataDirectory, outside].forEach(removeDirectory));
  const secret = join(outside, 'secret');
  writeFileSync(secret, 'secret');
  symlinkSync(outside, join(dataDirectory, 'bodies'));
  sweepBodies(dataDirectory, () => false);
  assert.ok(existsSync(secret));

  const home = join(outside, 'home');
  mkdirSync(home);
  makeBodiesDirectory(home);
  symlinkSync(secret, bodyPath(home, ID));
  await assert.rejects(readBody(home, ID).next(), { code: 'ELOOP' });
  await assert.rejects(readWholeBody(home, ID), { code: 'ELOOP' });
  sweepBodies(home, () => false);
  assert.deepEqual([readdirSync(join(home, 'bodies')), existsSync(secret)], [[], true]);
});

test('5321-y E-Q-7: sqlite: a connection whose commits would not be durable is known', async (t) => {
  const { dataDirectory } = await openInside(t);
  const path = join(dataDirectory, STORE_FILE);
  const db = openDatabase(path);
  t.after(() => db.close());
  assert.equal(notDurableBecause(db), undefined);
  db.exec('PRAGMA synchronous = OFF');
  assert.equal(notDurableBecause(db), 'synchronous is 0, not 2');
  db.exec('PRAGMA synchronous = NORMAL');
  assert.equal(notDurableBecause(db), 'synchronous is 1, not 2');
  const other = openDatabase(join(dataDirectory, 'other.sqlite'));
  t.after(() => other.close());
  assert.equal(notDurableBecause(other), 'journal_mode is delete, not wal');
});
