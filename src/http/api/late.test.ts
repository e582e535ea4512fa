// What takes its time at the API: nobody is kept waiting, what is made too late is let go, and what waits takes no more places than there are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALICE, openApiDesk } from '../../../test/fakes/api.ts';
import { turns } from '../../../test/fakes/front.ts';

/** Whether it has come; it is asked for no further. */
function watched(asked: Promise<Response>) {
  let isThere = false;
  const answer = asked.finally(() => (isThere = true));
  return { answer, isThere: () => isThere };
}

async function* content(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('SQLite format 3');
}

/** Asks for a copy of the store, which is made when the test says so. */
async function askForCopy() {
  const { promise: made, resolve: make } = Promise.withResolvers<void>();
  const copies = { open: 0 };
  const api = await openApiDesk({
    async copy() {
      copies.open += 1;
      await made;
      return { content: content(), close: async () => void (copies.open -= 1) };
    },
  });
  const token = await api.tokenOf('admin');
  const asked = watched(api.ask('GET /backup', { token, headers: { reason: 'nightly' } }));
  await turns();
  assert.equal(copies.open, 1);
  return { ...asked, make, copies, clock: api.office.clock };
}

test('a copy of the store may take most of a minute before it begins', async () => {
  const { answer, isThere, make, clock } = await askForCopy();
  clock.advance(54_999);
  await turns();
  assert.equal(isThere(), false);
  make();
  assert.equal(await (await answer).text(), 'SQLite format 3');
});

test('one that takes longer is not waited for, and is let go when it is made', async () => {
  const { answer, make, copies, clock } = await askForCopy();
  clock.advance(55_000);
  assert.equal((await answer).status, 504);
  make();
  await turns();
  assert.equal(copies.open, 0);
});

test('any other answer comes within twenty seconds, or is said to be late', async () => {
  const api = await openApiDesk({ condition: () => new Promise(() => undefined) });
  const { answer, isThere } = watched(api.ask('GET /status', { token: await api.tokenOf('admin') }));
  await turns();
  api.office.clock.advance(19_999);
  await turns();
  assert.equal(isThere(), false);
  api.office.clock.advance(1);
  assert.equal((await answer).status, 504);
});

test('whose token it is, is not waited for longer either', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  Object.assign(api.office.ports.lookups, { identityById: () => new Promise(() => undefined) });
  const { answer } = watched(api.ask('GET /status', { token }));
  await turns();
  api.office.clock.advance(20_000);
  assert.equal((await answer).status, 504);
});

test('no more are answered at once than there are places, and each gives its place back', async () => {
  let isSlow = true;
  const slow = () => (isSlow ? new Promise<never>(() => undefined) : Promise.resolve({} as never));
  const api = await openApiDesk({ condition: slow });
  const token = await api.tokenOf('admin');
  const first = Array.from({ length: 32 }, () => api.ask('GET /status', { token }));
  await turns();
  const refused = await api.ask(`POST /accounts/${ALICE}/suspend`, { token });
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  assert.equal((await api.office.showAccount({ login: ALICE })).account.state, 'active');
  api.office.clock.advance(20_000);
  for (const answer of await Promise.all(first)) assert.equal(answer.status, 504);
  isSlow = false;
  assert.equal((await api.ask(`POST /accounts/${ALICE}/suspend`, { token })).status, 200);
});
