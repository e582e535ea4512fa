// The API beside the pages, on one port and in one origin: what guards the pages guards it too, and what lets somebody into one opens nothing of the other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf } from '../../test/fakes/api.ts';
import { openDesk } from '../../test/fakes/console.ts';
import { setUpTotp } from '../../test/fakes/second-factor.ts';
import { identityChange, identityOf } from '../store/store.contract-fixtures.ts';

const LOGIN = 'alice@example.org';
const STATUS = '/api/v1/accounts';

async function begin() {
  const desk = openDesk();
  const { office } = desk;
  const admin = identityOf(LOGIN, { id: idOf(LOGIN), role: 'admin' });
  await office.ports.store.commit([identityChange(admin, 0, office.clock.now())]);
  const { token } = await office.addToken({ login: LOGIN, label: 'ci', scopes: ['accounts', 'contain'] });
  return { ...desk, authorization: `Bearer ${token}`, session: await desk.enter() };
}

test('by another name of this address the API is not there, whoever asks', async () => {
  const { get, authorization } = await begin();
  for (const host of ['evil.example', 'evil.example:8588', '127.0.0.1.evil.example', '10.0.0.1']) {
    const answer = await get(STATUS, { host, authorization });
    assert.equal(answer.status, 421, host);
    assert.doesNotMatch(await answer.text(), /alice/);
  }
  assert.equal((await get(STATUS, { authorization })).status, 200);
});

test('a session is no token, and a token no session', async () => {
  const { get, post, office, authorization, session } = await begin();
  const { cookie, token } = session;
  assert.equal((await get(STATUS, { cookie })).status, 401);
  const before = await office.trail();
  const suspend = await post(`${STATUS}/${LOGIN}/suspend`, { token }, { cookie });
  assert.equal(suspend.status, 401);
  for (const path of ['/', '/trace?q=x@y.example', '/identity'])
    assert.equal((await get(path, { authorization })).status, 401, path);
  const form = { action: 'suspend', login: LOGIN, token };
  assert.equal((await post('/identity', form, { authorization })).status, 401);
  assert.deepEqual(await office.trail(), before);
});

test('no page of another site is told that it may read the API, or send to it what a form can not', async () => {
  const { app, authorization } = await begin();
  const asked = (method: string, more: Readonly<Record<string, string>>) =>
    app.fetch(
      new Request(`http://127.0.0.1:8588${STATUS}`, {
        ...{ method, headers: { host: '127.0.0.1:8588', origin: 'https://evil.example', ...more } },
      }),
    );
  const answers = [
    await asked('OPTIONS', { 'access-control-request-method': 'POST' }),
    await asked('GET', { authorization }),
  ];
  for (const { headers } of answers)
    for (const [name] of headers) assert.doesNotMatch(name, /^access-control-/);
});

test('an answer of the API is not framed, not guessed at and not kept either', async () => {
  const { get, authorization } = await begin();
  for (const answer of [await get(STATUS, { authorization }), await get(STATUS), await get('/api/v1/x')]) {
    const { headers } = answer;
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*frame-ancestors 'none'/);
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.match(headers.get('content-type') ?? '', /^application\/(problem\+)?json/);
  }
});

test('a stolen session or token takes no second factor of an admin away', async () => {
  const { office, post, enterAs, app, authorization } = await begin();
  await setUpTotp(office.ports, LOGIN);
  const before = await office.showSecondFactor({ login: LOGIN });
  const { cookie, token } = await enterAs({ who: LOGIN, role: 'admin', identityId: idOf(LOGIN) });
  const form = { token, action: 'resetSecondFactor', login: LOGIN, sure: 'yes' };
  assert.equal((await post('/identity', form, { cookie })).status, 403);
  const asked = new Request(`http://127.0.0.1:8588/api/v1/accounts/${LOGIN}/second-factor`, {
    ...{ method: 'DELETE', headers: { host: '127.0.0.1:8588', authorization } },
  });
  assert.equal((await app.fetch(asked)).status, 403);
  const removed = { token, action: 'remove', proof: '000000' };
  assert.equal((await post('/me/sign-in', removed, { cookie })).status, 409);
  assert.deepEqual(await office.showSecondFactor({ login: LOGIN }), before);
});
