// What somebody who has a token may try at the API, and hears.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALICE, hears, idOf, MALLORY, OF_ALICE, openApiDesk, type Said } from '../../../test/fakes/api.ts';
import { acceptOf } from '../../store/store.contract-fixtures.ts';
import { cursorOf } from './cursor.ts';
import type { ProblemName } from './problem.ts';
import { BURST } from './rate.ts';

const NOBODY = 'nobody@nowhere.example';
const OF_NOBODY = '01ARZ3NDEKTSV4RRFFQ69G5FAZ';

test('a domain admin: no account and no address in another domain, no account of a higher role', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('domainAdmin');
  const add = (login: string) => api.ask('POST /accounts', { token, body: { login } });
  const lets = (right: string) => api.ask(`PUT /accounts/${ALICE}/rights/${right}`, { token });
  for (const refused of [
    await add('new@other.example'),
    await add('new@nowhere.example'),
    await lets(MALLORY),
    await lets('%40other.example'),
    await lets('%40nowhere.example'),
  ]) {
    const { detail } = await hears(refused, 'refused', 409);
    assert.equal(detail, 'the domain is none of those that you look after: example.org; ask an admin');
  }
  await hears(await api.ask('POST /accounts/desk@example.org/suspend', { token }), 'denied', 403);
  await hears(await api.ask('GET /queue', { token }), 'invalid', 400);
  const { accounts } = (await (await api.ask('GET /accounts', { token })).json()) as {
    readonly accounts: readonly { readonly login: string }[];
  };
  assert.ok(accounts.every(({ login }) => login.endsWith('@example.org')));
});

test('a content type that a form of another site can send is refused', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonx', ''])
    await hears(
      await api.ask('POST /accounts', {
        ...{ token, body: { login: 'new@example.org' }, headers: { 'content-type': type } },
      }),
      'notJson',
      415,
    );
});

test('a body that is too large is not read to its end', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  const body = { login: 'new@example.org', displayName: 'x'.repeat(70_000) };
  await hears(await api.ask('POST /accounts', { token, body }), 'tooLarge', 413);
});

const bad: readonly (readonly [
  why: string,
  call: `${string} /${string}`,
  problem: ProblemName,
  status: number,
  said?: Said,
])[] = [
  ['no JSON', 'POST /accounts', 'malformed', 400, { body: '{"login":' }],
  ['JSON that is no object', 'POST /accounts', 'invalid', 400, { body: '[]' }],
  ['a field too many', 'POST /accounts', 'invalid', 400, { body: { login: 'n@example.org', role: 'admin' } }],
  ['a field too few', 'POST /accounts', 'invalid', 400, { body: {} }],
  ['a body where none belongs', `POST /accounts/${ALICE}/suspend`, 'malformed', 400, { body: {} }],
  ['a parameter too many', 'GET /status?x=1', 'invalid', 400],
  ['a parameter twice', 'GET /queue?to=a@b.example&to=c@d.example', 'invalid', 400],
  ['a limit of none', 'GET /queue?limit=0', 'invalid', 400],
  ['a limit too high', 'GET /queue?limit=501', 'invalid', 400],
  ['a limit where there are no pages', 'GET /status?limit=1', 'invalid', 400],
  ['a time that is none', `GET /trace?q=${ALICE}&since=yesterday`, 'invalid', 400],
  ['no message id', 'GET /queue/..%2f..', 'invalid', 400],
  ['no action', `POST /queue/${OF_ALICE}/explode`, 'invalid', 400],
  ['no part of the queue', 'POST /queue/changes', 'invalid', 400, { body: { action: 'drop', part: {} } }],
  [
    'JSON that is deeper than it can be written again',
    'POST /queue/changes',
    'invalid',
    400,
    { body: `${'['.repeat(32_000)}${']'.repeat(32_000)}` },
  ],
  ['no part to be bounced', 'POST /queue/bounces', 'invalid', 400, { body: { part: {} } }],
  [
    'a limit that is no number',
    `PUT /accounts/${ALICE}/limits/messagesPerHour`,
    'invalid',
    400,
    { body: { value: 1.5 } },
  ],
  ['another limit', `PUT /accounts/${ALICE}/limits/__proto__`, 'invalid', 400, { body: { value: 1 } }],
  ['a reason with a control character', 'GET /queue', 'invalid', 400, { headers: { reason: 'a%00b' } }],
  [
    'a key that is none',
    `POST /accounts/${ALICE}/suspend`,
    'invalid',
    400,
    { headers: { 'idempotency-key': 'a b' } },
  ],
  ['no such path', 'GET /etc/passwd', 'notFound', 404],
  ['no such method', 'DELETE /status', 'notAllowed', 405],
  ['no such account', `GET /accounts/${NOBODY}`, 'notFound', 404],
  ['no such message', `POST /queue/${OF_NOBODY}/drop`, 'notFound', 404],
  ['no such message to return', `POST /queue/${OF_NOBODY}/bounce`, 'notFound', 404],
  ['content without a reason', `GET /queue/${OF_ALICE}/content`, 'invalid', 400],
  ['a cursor that is none', 'GET /accounts?cursor=x', 'cursor', 400],
  ['a cursor of no place', 'GET /accounts?cursor=WyJ4Iix7fV0', 'cursor', 400],
];
for (const [why, call, problem, status, said] of bad)
  test(`${why}: ${call}`, async () => {
    const api = await openApiDesk();
    const token = await api.tokenOf('admin');
    const before = (await api.office.trail()).length;
    await hears(await api.ask(call, { token, ...said }), problem, status);
    assert.deepEqual(api.faults, []);
    assert.equal((await api.office.trail()).length, before);
  });

const ALICE_AT = `/accounts/${ALICE}` as const;
const undoIs = `PUT ${ALICE_AT}/undo-window` as const;
/** Where and why, in words for people. */
const wrongs: readonly (readonly [
  why: string,
  call: `${string} /${string}`,
  body: unknown,
  errors: Readonly<Record<string, string>>,
])[] = [
  [
    ...(['other types', 'POST /accounts', { login: 7, mailbox: 'yes' }] as const),
    { '/login': 'must be text', '/mailbox': 'must be true or false' },
  ],
  ['nothing of it', `PUT ${ALICE_AT}/password`, {}, { '/password': 'is missing' }],
  ['no object', `PUT ${ALICE_AT}/password`, [], { '': 'must be a group of keys' }],
  [
    ...(['a field too much', `PUT ${ALICE_AT}/password`, { password: 'x', to: 1 }] as const),
    { '/to': 'there is no such field: this path takes password' },
  ],
  [
    ...([
      'a field with a name of many parts',
      `PUT ${ALICE_AT}/password`,
      { password: 'x', 'a/b~c': 1 },
    ] as const),
    { '/a~1b~0c': 'there is no such field: this path takes password' },
  ],
  ['too large a number', undoIs, { undoSeconds: 61 }, { '/undoSeconds': 'must be at most 60' }],
  ['no number', undoIs, { undoSeconds: 'soon' }, { '/undoSeconds': 'must be a number' }],
  [
    ...(['a parameter too much', 'GET /queue?too=x', undefined] as const),
    {
      too: 'there is no such parameter: this path takes identity, credential, from, to, domain, nextHop, olderThan, youngerThan, held, limit, cursor',
    },
  ],
  [
    ...(['a parameter where none is taken', 'GET /status?too=x', undefined] as const),
    { too: 'there is no such parameter: this path takes none' },
  ],
  [
    'a limit of letters',
    'GET /queue?limit=abc',
    undefined,
    { limit: 'must be a whole number from 1 to 500' },
  ],
  ['a parameter twice', 'GET /queue?to=a@b.example&to=c@d.example', undefined, { to: 'stands twice' }],
  ['no id', 'GET /queue/abc', undefined, { id: 'must match /^[0-9A-Za-z]{26}$/' }],
  [
    ...(['no time', 'GET /trail/looks?since=soon', undefined] as const),
    { since: 'must be a time of RFC 3339, such as 2026-12-01T09:00:00Z' },
  ],
];
for (const [why, call, body, wanted] of wrongs)
  test(`what is wrong is named, and why: ${why}`, async () => {
    const api = await openApiDesk();
    const token = await api.tokenOf('admin');
    const said = body === undefined ? {} : { body };
    const { errors = [], detail } = await hears(await api.ask(call, { token, ...said }), 'invalid', 400);
    assert.deepEqual(Object.fromEntries(errors.map((one) => [one.at, one.detail])), wanted);
    assert.ok(detail.endsWith(errors[0]?.detail ?? '?'), detail);
  });

test('a cursor is of its question and its asker alone', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  const first = await api.ask('GET /queue?limit=1', { token });
  const { next } = (await first.json()) as { readonly next: string };
  const another = await api.tokenOf('desk');
  for (const [call, as] of [
    [`GET /queue?limit=1&domain=example.net&cursor=${next}`, token],
    [`GET /accounts?limit=1&cursor=${next}`, token],
    [`GET /queue?limit=1&cursor=${next}`, another],
  ] as const)
    await hears(await api.ask(call, { token: as }), 'cursor', 400);
  assert.equal((await api.ask(`GET /queue?limit=2&cursor=${next}`, { token })).status, 200);
});

test('no cursor that somebody makes up keeps a hold or a release out of the trail', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('desk');
  const [, , id] = token.split('_');
  const by = `desk@example.org (API, token ${id})`;
  for (const action of ['hold', 'release']) {
    const body = { action, part: { identity: ALICE } };
    const question = JSON.stringify([
      ...[`${idOf('desk@example.org')} ${id}`, 'POST', '/queue/changes', []],
      body,
    ]);
    const ask = (place: object) =>
      api.ask(`POST /queue/changes?cursor=${cursorOf(place, question)}`, { token, body });
    const place = { messageId: '', recipientNumber: 0, until: 1e12 };
    await hears(await ask({ ...place, told: true }), 'cursor', 400);
    assert.deepEqual(await (await ask(place)).json(), { changed: 1, stillHeld: 0 });
    assert.deepEqual(await api.office.newest(), { by, action, detail: { identityId: idOf(ALICE) } });
  }
});

test('a hold of a large part: each request that changes something stands in the trail', async () => {
  const api = await openApiDesk();
  const { clock, ports, trail } = api.office;
  const to = Array.from({ length: 1250 }, (_, at) => `${at}@far.example`);
  for (const id of ['01ARZ3NDEKTSV4RRFFQ69G5FB1', '01ARZ3NDEKTSV4RRFFQ69G5FB2'])
    await ports.store.commit([acceptOf(id, clock.now(), { to })]);
  const said = {
    token: await api.tokenOf('desk'),
    body: { action: 'hold', part: { domain: 'far.example' } },
  };
  const first = (await (await api.ask('POST /queue/changes', said)).json()) as Readonly<
    Record<string, unknown>
  >;
  assert.equal(first['changed'], 2000);
  const rest = await api.ask(`POST /queue/changes?cursor=${String(first['next'])}`, said);
  assert.deepEqual(await rest.json(), { changed: 500, stillHeld: 0 });
  assert.equal((await trail()).filter(({ type }) => type === 'held').length, 2);
});

test('a key that comes with another request is refused, and that one is not carried out', async () => {
  const api = await openApiDesk();
  const token = await api.tokenOf('admin');
  const headers = { 'idempotency-key': 'k1' };
  const add = (login: string) => api.ask('POST /accounts', { token, headers, body: { login } });
  assert.equal((await add('one@example.org')).status, 200);
  await hears(await add('two@example.org'), 'keyReused', 422);
  await hears(await api.ask(`POST /accounts/${ALICE}/suspend`, { token, headers }), 'keyReused', 422);
  assert.equal(await api.office.ports.lookups.identityByLogin('two@example.org'), undefined);
  const { account } = await api.office.showAccount({ login: ALICE });
  assert.equal(account.state, 'active');
});

test('one token asks so often, and no oftener; another one goes on', async () => {
  const api = await openApiDesk();
  const [token, other] = [await api.tokenOf('admin'), await api.tokenOf('auditor')];
  for (let n = 0; n < BURST; n += 1) assert.equal((await api.ask('GET /trail', { token })).status, 200);
  await hears(await api.ask('GET /trail', { token }), 'tooMany', 429);
  assert.equal((await api.ask('GET /trail', { token: other })).status, 200);
  api.office.clock.advance(100);
  assert.equal((await api.ask('GET /trail', { token })).status, 200);
});

test('what fails here is logged, and not shown', async () => {
  const api = await openApiDesk({ condition: () => Promise.reject(new TypeError('secret of the house')) });
  const response = await api.ask('GET /status', { token: await api.tokenOf('admin') });
  const { detail } = await hears(response, 'fault', 500);
  assert.ok(!detail.includes('secret'));
  assert.equal(api.faults.length, 1);
});

test('an answer that does not come is not waited for, and its act is not done twice', async () => {
  const api = await openApiDesk();
  const { store } = api.office.ports;
  const commit = store.commit.bind(store);
  const token = await api.tokenOf('admin');
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const { promise: held, resolve: hold } = Promise.withResolvers<void>();
  Object.assign(store, {
    async commit(changes: Parameters<typeof commit>[0]) {
      if (changes.some(({ type }) => type === 'identity')) {
        hold();
        await gate;
      }
      return commit(changes);
    },
  });
  const headers = { 'idempotency-key': 'k1' };
  const suspend = () => api.ask(`POST /accounts/${ALICE}/suspend`, { token, headers });
  const first = suspend();
  await held;
  api.office.clock.advance(20_000);
  await hears(await first, 'late', 504);
  await hears(await suspend(), 'keyInUse', 409);
  open();
  let last = await suspend();
  while (last.status === 409) {
    await new Promise((resolve) => setImmediate(resolve));
    api.office.clock.advance(100);
    last = await suspend();
  }
  assert.equal(last.status, 200);
});
