// What takes its time at the API: nobody is kept waiting, what is made too late is let go, and what waits takes no more places than there are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALICE, openApiDesk } from '../../../test/fakes/api.ts';
import { turns } from '../../../test/fakes/front.ts';

interface Watched {
  /** Undefined: it has not come. */
  now(): Promise<Response | undefined>;
}

/** Nobody waits for it: an answer that never comes would end no test. */
function watched(asked: Promise<Response>): Watched {
  let answer: Response | undefined;
  void asked.then((one) => (answer = one));
  return {
    async now() {
      await turns();
      return answer;
    },
  };
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
  const { now } = watched(api.ask('GET /backup', { token, headers: { reason: 'nightly' } }));
  assert.equal(await now(), undefined);
  assert.equal(copies.open, 1);
  return { now, make, copies, clock: api.office.clock };
}

test('a copy of the store may take most of a minute before it begins', async () => {
  const { now, make, clock } = await askForCopy();
  clock.advance(54_999);
  assert.equal(await now(), undefined);
  make();
  assert.equal(await (await now())?.text(), 'SQLite format 3');
});

test('one that takes longer is not waited for, and is let go when it is made', async () => {
  const { now, make, copies, clock } = await askForCopy();
  clock.advance(55_000);
  assert.equal((await now())?.status, 504);
  make();
  await turns();
  assert.equal(copies.open, 0);
});

test('any other answer comes within twenty seconds, or is said to be late', async () => {
  const api = await openApiDesk({ condition: () => new Promise(() => undefined) });
  const { now } = watched(api.ask('GET /status', { token: await api.tokenOf('admin') }));
  await turns();
  api.office.clock.advance(19_999);
  assert.equal(await now(), undefined);
  api.office.clock.advance(1);
  assert.equal((await now())?.status, 504);
});

test('whose token it is, is not waited for longer either', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  Object.assign(api.office.ports.lookups, { identityById: () => new Promise(() => undefined) });
  const { now } = watched(api.ask('GET /status', { token }));
  await turns();
  api.office.clock.advance(20_000);
  assert.equal((await now())?.status, 504);
});

test('no more are answered at once than there are places, and each gives its place back', async () => {
  let isSlow = true;
  const slow = () => (isSlow ? new Promise<never>(() => undefined) : Promise.resolve({} as never));
  const api = await openApiDesk({ condition: slow });
  const token = await api.tokenOf('admin');
  const first = Array.from({ length: 32 }, () => watched(api.ask('GET /status', { token })));
  await turns();
  const refused = await api.ask(`POST /accounts/${ALICE}/suspend`, { token });
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  assert.equal((await api.office.showAccount({ login: ALICE })).account.state, 'active');
  api.office.clock.advance(20_000);
  for (const { now } of first) assert.equal((await now())?.status, 504);
  isSlow = false;
  assert.equal((await api.ask(`POST /accounts/${ALICE}/suspend`, { token })).status, 200);
});
