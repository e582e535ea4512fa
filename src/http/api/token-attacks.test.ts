// Who is let in to the API, and until when: with no token, a wrong one, one that has ended, one that is guessed or told to others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALICE, type Api, hears, idOf, OF_ALICE, openApiDesk } from '../../../test/fakes/api.ts';
import { openOffice } from '../../../test/fakes/administration.ts';
import { DAY } from '../../base/duration.ts';
import { StoreUnavailable } from '../../store/port.ts';
import { createApi } from './api.ts';

const withoutToken: readonly (readonly [why: string, headers: Readonly<Record<string, string>>])[] = [
  ['none', {}],
  ['empty', { authorization: '' }],
  ['Basic', { authorization: 'Basic cm9vdDpzZWNyZXQ=' }],
  ['a cookie', { cookie: 'token=x' }],
  ['garbage', { authorization: 'Bearer x' }],
  ['one that is too long', { authorization: `Bearer ${'x'.repeat(300)}` }],
];
for (const [why, headers] of withoutToken)
  test(`no way in with ${why}`, async () => {
    const api = await openApiDesk();
    const response = await api.ask('GET /status', { headers });
    assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer realm="postern"/);
    await hears(response, 'unauthenticated', 401);
  });

const ends: readonly (readonly [why: string, end: (api: Api) => Promise<unknown> | void])[] = [
  ['was revoked', ({ office }) => office.revokeToken({ login: ALICE, which: 'test' })],
  ['has expired', ({ office }) => office.clock.advance(DAY)],
  ['is of a suspended account', ({ office }) => office.suspendAccount({ login: ALICE })],
  ['is of a removed account', ({ office }) => office.removeAccount({ login: ALICE })],
  [
    'is of a restored account',
    async ({ office }) => {
      await office.removeAccount({ login: ALICE });
      await office.restoreAccount({ login: ALICE });
    },
  ],
];
for (const [why, end] of ends)
  test(`a token that ${why} lets nobody in from the next request on, and doesn't say why`, async () => {
    const api = await openApiDesk();
    const token = await api.tokenOf('user', undefined, DAY);
    assert.equal((await api.ask('GET /queue', { token })).status, 200);
    await end(api);
    const { detail } = await hears(await api.ask('GET /queue', { token }), 'unauthenticated', 401);
    assert.equal(detail, 'the token is not valid, or not any more');
    assert.deepEqual(
      api.refused.map(({ account }) => account),
      [idOf(ALICE)],
    );
  });

test('a body that comes after its token was revoked does nothing', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  const body = { login: 'new@example.org' };
  const late = await api.ask('POST /accounts', {
    ...{ token, body, headers: { 'content-length': String(JSON.stringify(body).length) } },
    between: () => api.office.revokeToken({ login: 'root@example.org', which: 'test' }),
  });
  await hears(late, 'unauthenticated', 401);
  await assert.rejects(api.office.showAccount(body), /there is no account/);
});

test('who has proved nothing hears nothing of a store that does not answer', async () => {
  const { ports } = openOffice();
  const away = (): Promise<never> => Promise.reject(new StoreUnavailable('db1.internal:5432 is away'));
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  const app = createApi({
    administration: { ...ports, lookups: { ...ports.lookups, identityById: away } },
    ...{ clock: api.office.clock, report: assert.fail, refusedToken: () => assert.fail() },
  });
  const request = new Request('http://localhost/status', { headers: { authorization: `Bearer ${token}` } });
  const { detail } = await hears(await app.fetch(request), 'trouble', 503);
  assert.match(detail, /it can't be told now whose token this is/);
});

test('an app password is no token, and a token of another secret neither', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('user');
  const { appPassword } = await api.office.addAppPassword({ login: ALICE, label: 'phone' });
  const [name, identity, , secret] = token.split('_');
  const [phone = ''] = appPassword.split('-');
  const made = [name, identity, phone, appPassword.slice(9).replaceAll('-', '')].join('_');
  for (const wrong of [
    appPassword,
    made,
    [name, idOf('root@example.org'), token.split('_')[2], secret].join('_'),
  ])
    await hears(await api.ask('GET /queue', { token: wrong }), 'unauthenticated', 401);
});

test('a token that loses its role loses what it could', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  assert.equal((await api.ask('GET /status', { token })).status, 200);
  await api.office.setRole({ login: 'root@example.org', role: 'user', domains: [] });
  await hears(await api.ask('GET /status', { token }), 'denied', 403);
  await hears(await api.ask(`POST /accounts/${ALICE}/suspend`, { token }), 'denied', 403);
});

test('a token does what its scopes say', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin', ['trace']);
  assert.equal((await api.ask(`GET /trace?q=${ALICE}`, { token })).status, 200);
  const { detail } = await hears(await api.ask('GET /queue', { token }), 'denied', 403);
  assert.match(detail, /needs a token with the scope queue/);
});

test('who guesses tokens is refused without a look; the owner of a right one goes on', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('auditor');
  assert.equal((await api.ask('GET /trail', { token })).status, 200);
  const guess = (n: number) => {
    const secret = String(n).padStart(26, '0');
    return api.ask('GET /trail', { token: `postern_${idOf('root@example.org')}_4Q7WJ2ZK_${secret}` });
  };
  for (let n = 0; n < 20; n += 1) await hears(await guess(n), 'unauthenticated', 401);
  const refused = await guess(20);
  assert.match(refused.headers.get('retry-after') ?? '', /^\d+$/);
  await hears(refused, 'tooMany', 429);
  const right = await api.tokenOf('admin');
  await hears(await api.ask('GET /trail', { token: right }), 'tooMany', 429);
  assert.equal((await api.ask('GET /trail', { token })).status, 200);
  // Who was here before is known from the store.
  const use = {
    identityId: idOf('root@example.org'),
    credentialId: 'x',
    at: 1,
    address: 'somebody who left',
  };
  await api.office.ports.store.commit([{ type: 'credentialUsed', ...use }]);
  assert.equal((await api.ask('GET /trail', { token: right })).status, 200);
});

test('a token in the address is refused, right or wrong', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  for (const query of [`access_token=x`, `access_token=${token}`, `q=${token}`])
    for (const as of [{}, { token }])
      await hears(await api.ask(`GET /trace?${query}`, as), 'tokenInUrl', 400);
  assert.ok(!JSON.stringify(await api.office.trail()).includes(token));
});

test('a token tells of its own account what is its own, an admin’s too', async () => {
  const api = await openApiDesk();
  const admin = await api.tokenOf('admin');
  await hears(await api.ask(`GET /me/mail/${OF_ALICE}`, { token: admin }), 'notFound', 404);
  const ofAdmin = await (await api.ask('GET /me/mail', { token: admin })).json();
  assert.deepEqual(ofAdmin, { messages: [], undoSeconds: 0 });
  const { credentials } = (await api.office.showAccount({ login: 'root@example.org' })).account;
  const user = await api.tokenOf('user');
  const revoke = `DELETE /me/credentials/${credentials[0]?.id ?? ''}` as const;
  await hears(await api.ask(revoke, { token: user }), 'notFound', 404);
  assert.equal((await api.ask('GET /me', { token: admin })).status, 200);
});

test('who has stopped his account comes in no more', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('user');
  assert.equal((await api.ask('POST /me/suspend', { token })).status, 200);
  await hears(await api.ask('GET /me', { token }), 'unauthenticated', 401);
});
