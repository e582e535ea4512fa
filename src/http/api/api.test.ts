// Each path once, as the document says it: what comes has the shape that is told, no field less and none more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALICE, MALLORY, openApiDesk } from '../../../test/fakes/api.ts';
import { apiSamples, prepare } from '../../../test/fakes/api-samples.ts';
import { own } from '../../../test/fakes/role-matrix.ts';
import { ownUseCases } from '../../administration/use-cases.ts';
import { routes } from './routes.ts';

test('each path has a sample, and a name of its own', () => {
  assert.deepEqual(routes.map(({ name }) => name).sort(), Object.keys(apiSamples).sort());
});

async function* content(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('SQLite format 3');
}
const close = () => Promise.resolve();

for (const { name, method, useCase, answer, paging } of routes)
  test(`${name} gives what is told of it`, async () => {
    const api = await openApiDesk({ copy: () => Promise.resolve({ content: content(), close }) });
    const sample = apiSamples[name] ?? assert.fail(name);
    await prepare(api, sample, own);
    const token = await api.tokenOf(Object.hasOwn(ownUseCases, useCase) ? 'user' : 'admin');
    const body = sample.body?.(own);
    const response = await api.ask(`${method} ${sample.path(own)}` as 'GET /', {
      ...{ token, headers: { reason: 'Beschwerde%20%C3%BCber%20Spam' } },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    assert.deepEqual(api.faults, []);
    if (typeof answer === 'string') {
      assert.equal(response.headers.get('content-type'), answer);
      assert.ok(text.length > 10);
      return;
    }
    const { next, ...given } = JSON.parse(text) as Record<string, unknown>;
    assert.deepEqual(answer.parse(given), given);
    assert.ok(next === undefined || (paging !== undefined && typeof next === 'string'));
  });

test('what is done through the API is told so, with the token and the reason', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('desk');
  await api.ask(`POST /accounts/${ALICE}/suspend`, { token, headers: { reason: 'stolen %E2%9C%93' } });
  const payload = await api.office.newest();
  const id = token.split('_')[2];
  assert.deepEqual(payload, {
    by: `desk@example.org (API, token ${id})`,
    action: 'suspend',
    detail: { login: ALICE, reason: 'stolen ✓' },
  });
});

test('lists go on where they ended, to the end', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  for (const list of ['/accounts?limit=2', '/queue?limit=1', '/trace?q=bob@example.net&limit=1'] as const) {
    const seen: unknown[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages += 1) {
      const response = await api.ask(`GET ${list}${cursor === '' ? '' : `&cursor=${cursor}`}`, { token });
      assert.equal(response.status, 200);
      const { next, ...page } = (await response.json()) as {
        readonly next?: string;
        readonly [name: string]: unknown;
      };
      seen.push(...((page['accounts'] ?? page['entries'] ?? page['messages']) as unknown[]));
      if (next === undefined) break;
      cursor = next;
    }
    assert.equal(seen.length, list.startsWith('/accounts') ? 6 : 2, list);
    assert.equal(new Set(seen.map((one) => JSON.stringify(one))).size, seen.length, list);
  }
});

test('an act with a key is done once, and answered again, refusals too', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  const add = (label: string, key: string, as = token) =>
    api.ask(`POST /accounts/${ALICE}/app-passwords`, {
      ...{ token: as, body: { label }, headers: { 'idempotency-key': key } },
    });
  const [first, again] = [await add('phone', 'k1'), await add('phone', 'k1')];
  assert.equal(first.headers.get('idempotency-replayed'), null);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.deepEqual(await again.json(), await first.json());
  const { account } = await api.office.showAccount({ login: ALICE });
  assert.equal(account.credentials.length, 1);
  assert.equal((await add('', 'k2')).status, 400);
  const other = await api.tokenOf('domainAdmin');
  assert.equal((await add('tablet', 'k1', other)).status, 200, 'keys of another token are others');
  const suspend = () =>
    api.ask(`POST /accounts/${ALICE}/suspend`, { token, headers: { 'idempotency-key': 'k3' } });
  assert.deepEqual([(await suspend()).status, (await suspend()).status], [200, 200]);
  const refused = () =>
    api.ask(`POST /accounts/${ALICE}/suspend`, { token, headers: { 'idempotency-key': 'k4' } });
  assert.equal((await refused()).status, 409);
  await api.ask(`POST /accounts/${ALICE}/resume`, { token });
  assert.equal((await refused()).status, 409, 'as it was the first time');
  api.office.clock.advance(10 * 60_000);
  assert.equal((await refused()).status, 200, 'after ten minutes it is forgotten');
});

test('what an account does not have is not found there; what it had, or must have, is refused', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  const ask = async (path: string): Promise<number> =>
    (await api.ask(`DELETE /accounts/${ALICE}${path}`, { token })).status;
  for (const path of ['/password', '/app-passwords/phone', '/tokens/ci', '/sessions/s1', '/second-factor'])
    assert.equal(await ask(path), 404, path);
  assert.equal(await ask('/rights/nobody@example.org'), 404);
  assert.equal(await ask(`/rights/${ALICE}`), 409, 'its own address');
  await api.ask(`POST /accounts/${ALICE}/app-passwords`, { token, body: { label: 'phone' } });
  assert.deepEqual([await ask('/app-passwords/phone'), await ask('/app-passwords/phone')], [200, 409]);
});

test('the last use of a token is noted', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('auditor');
  await api.ask('GET /trail', { token });
  // Nothing waits for it.
  for (;;) {
    const { tokens } = await api.office.listTokens({ login: 'audit@example.org' });
    if (tokens[0]?.lastUse?.address === 'somebody who left') return;
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test('accounts are listed by domain, beginning, state or address; a domain admin gets his own alone', async () => {
  const api = await openApiDesk();
  const listed = async (token: string, query: string): Promise<unknown> => {
    const { accounts } = (await (await api.ask(`GET /accounts?${query}`, { token })).json()) as {
      accounts: readonly { login: string }[];
    };
    return accounts.map(({ login }) => login);
  };
  const [admin, dora] = [await api.tokenOf('admin'), await api.tokenOf('domainAdmin')];
  assert.deepEqual(await listed(admin, 'domain=other.example'), [MALLORY]);
  assert.deepEqual(await listed(admin, 'prefix=m&state=active'), [MALLORY]);
  assert.deepEqual(await listed(admin, `address=${MALLORY}`), [MALLORY]);
  assert.deepEqual(await listed(admin, 'state=suspended'), []);
  for (const query of ['domain=other.example', 'prefix=m', `address=${MALLORY}`])
    assert.deepEqual(await listed(dora, query), [], query);
  assert.equal((await api.ask('GET /accounts?state=gone', { token: admin })).status, 400);
});

test('the queue is filtered and acted on by next hop and age as on its page; a domain admin within his domains alone', async () => {
  const hops = [
    { name: 'files', domains: ['lab.example'], takes: 'others' },
    { name: 'lmtp lab:24', domains: ['lab.example'], takes: 'these' },
  ] as const;
  const api = await openApiDesk({ nextHops: () => hops });
  const [admin, dora] = [await api.tokenOf('admin'), await api.tokenOf('domainAdmin')];
  const count = async (query: string): Promise<unknown> => {
    const response = await api.ask(`GET /queue?${query}`, { token: admin });
    const { deliveries } = (await response.json()) as { readonly deliveries?: number };
    return deliveries ?? response.status;
  };
  for (const [query, deliveries] of [
    ['nextHop=files', 2],
    ['nextHop=lmtp+lab:24', 0],
    ['nextHop=gone', 400],
    ['olderThan=0ms', 2],
    ['olderThan=99999999d', 0],
    ['youngerThan=99999999d', 2],
    ['olderThan=soon', 400],
    [`nextHop=files&identity=${ALICE}&olderThan=1ms`, 1],
  ] as const)
    assert.equal(await count(query), deliveries, query);
  const change = (token: string, part: object) =>
    api.ask('POST /queue/changes', { token, body: { action: 'drop', part } });
  const bounce = (token: string, part: object) => api.ask('POST /queue/bounces', { token, body: { part } });
  for (const [part, status] of [
    [{ nextHop: 'files' }, 403],
    [{ nextHop: 'gone' }, 403],
    [{ nextHop: 'files', identity: ALICE }, 403],
    [{ olderThan: '0ms', identity: MALLORY }, 404],
    [{ olderThan: '0ms' }, 400],
  ] as const)
    for (const act of [change, bounce])
      assert.equal((await act(dora, part)).status, status, JSON.stringify(part));
  assert.equal(await count('olderThan=0ms'), 2);
  const own = await change(dora, { olderThan: '0ms', identity: ALICE });
  assert.deepEqual(await own.json(), { changed: 1, stillHeld: 0 });
  const all = await change(admin, { nextHop: 'files' });
  assert.deepEqual(await all.json(), { changed: 1, stillHeld: 0 });
});
