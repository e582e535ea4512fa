// A copy of the store from the console: a file, or words where there is none.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../../test/fakes/administration.ts';
import { openDesk } from '../../../test/fakes/console.ts';

async function begin(copy: () => Promise<AsyncIterable<Uint8Array>>, extra: readonly string[] = []) {
  let closed = 0;
  const close = (): Promise<void> => Promise.resolve(void (closed += 1));
  const office = openOffice({ extra, copy: async () => ({ content: await copy(), close }) });
  const desk = openDesk({ office });
  const { cookie, token } = await desk.enter();
  return {
    office,
    closed: () => closed,
    page: async () => (await desk.get('/server', { cookie })).text(),
    ask: (reason: string) => desk.post('/server/backup', { token, reason }, { cookie }),
  };
}

async function* pieces(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('SQLite ');
  yield Buffer.from('format 3');
}

test('an admin gets a copy as a file, with a reason alone, and the trail says so', async () => {
  const { ask, closed, office, page } = await begin(() => Promise.resolve(pieces()));
  assert.match(await page(), /action="\/server\/backup"/);
  assert.equal((await ask('')).status, 400);
  const answer = await ask('before the upgrade');
  assert.equal(
    answer.headers.get('content-disposition'),
    'attachment; filename="postern-msa.example.org-2026-11-24.db"',
  );
  assert.equal(await answer.text(), 'SQLite format 3');
  assert.equal(closed(), 1);
  const detail = { reason: 'before the upgrade' };
  assert.deepEqual(await office.newest(), { by: 'root (console)', action: 'backup', detail });
});

test('a copy that nobody reads is let go', async () => {
  const { ask, closed } = await begin(() => Promise.resolve(pieces()));
  await (await ask('x')).body?.cancel();
  assert.equal(closed(), 1);
});

test('a copy that can not be made is a page that says why', async () => {
  const { ask } = await begin(() => Promise.reject(new Error('no space for a copy beside the store')));
  const answer = await ask('x');
  assert.equal(answer.status, 503);
  assert.match(await answer.text(), /Not done[^]*no space for a copy beside the store/);
});

test('on PostgreSQL the page says what to do instead', async () => {
  const { page } = await begin(
    () => Promise.resolve(pieces()),
    ['store: { postgres: postgres://postern@db/postern }'],
  );
  const text = await page();
  assert.doesNotMatch(text, /server\/backup/);
  assert.match(text, /pg_basebackup/);
});
