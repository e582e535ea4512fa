// The way in by password and code: who comes in, as whom, and what somebody may try who is not the person.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieIn, openDesk, ORIGIN } from '../../test/fakes/console.ts';
import { phcOf } from '../../test/fakes/lookup-thread.ts';
import { guessingDefaults } from '../identity/guessing.ts';
import { totpCode } from '../identity/totp.ts';
import { createAppPassword } from '../identity/app-password.ts';
import { createToken } from '../identity/token.ts';
import type { Credential, Identity } from '../record/identity.ts';
import {
  changed,
  countedEntropy,
  identityChange,
  identityOf,
  START,
} from '../store/store.contract-fixtures.ts';
import { HALF_WAY_MS } from './entrance.ts';

const RIGHT = 'correct horse battery';
const password: Credential = {
  ...{ id: 'password', kind: 'password', label: 'password', createdAt: START },
  verifiers: [{ type: 'argon2id', phc: phcOf(RIGHT) }],
};
const secret = Uint8Array.from({ length: 20 }, (_, at) => at);
const totp: Credential = {
  ...{ id: 'totp', kind: 'totp', label: 'authenticator app', createdAt: START },
  verifiers: [
    { type: 'totp', secret: Buffer.from(secret).toString('hex'), usedStep: 0, wrong: 0, wrongAt: 0 },
  ],
};
const device = createAppPassword({ label: 'phone', now: START }, countedEntropy());
const LOGIN = 'alice@example.org';
const token = createToken(
  { identityId: `id-${LOGIN}`, label: 'script', scopes: ['trace'], now: START },
  countedEntropy(),
);
const account = (said: Partial<Identity> = {}): Identity =>
  identityOf(LOGIN, { credentials: [password, device.credential, token.credential], ...said });

async function begin(said: Partial<Identity> = {}, origin = ORIGIN) {
  const desk = openDesk({ origin });
  const { office } = desk;
  let alice = account(said);
  await office.ports.store.commit([identityChange(alice, 0, START)]);
  const send = (
    form: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string | undefined>> = {},
  ) => desk.post('/sign-in', { login: LOGIN, password: RIGHT, next: '/', ...form }, headers);
  return {
    ...{ ...desk, office },
    send,
    code: (ms = 0) => totpCode(secret, Math.floor((office.clock.now() + ms) / 30_000)),
    /** Answered no sooner than it may be. */
    async sendAndWait(form: Readonly<Record<string, string>>, headers = {}) {
      let answer: Response | undefined;
      const sent = send(form, headers).then((one) => (answer = one));
      const began = office.clock.monotonic();
      while (answer === undefined) {
        await new Promise(setImmediate);
        if (answer === undefined) office.clock.advance(100);
      }
      return { answer: await sent, ms: office.clock.monotonic() - began };
    },
    async change(of: Partial<Identity>) {
      const after = changed(alice, of);
      await office.ports.store.commit([identityChange(after, alice.revision, START)]);
      alice = after;
    },
    done: async () =>
      (await office.trail()).flatMap(({ type, payload }) =>
        payload !== undefined && 'action' in payload ? [`${payload.by}: ${payload.action}`] : [type],
      ),
  };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
};

/** The form of the code that an answer asks for. */
async function asked(answer: Response): Promise<{ readonly cookie: string; readonly token: string }> {
  const text = await answer.text();
  assert.match(text, /action="\/sign-in\/code"/);
  return { cookie: cookieIn(answer), token: /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '' };
}

test('a person comes in by login and password, as who he is, where he wanted to go', async () => {
  const { get, send, office, done } = await begin();
  const wanted = await get('/queue?domain=example.net&x=%22');
  assert.equal(wanted.status, 401);
  const form = await wanted.text();
  assert.match(form, /name="next" value="\/queue\?domain=example.net&amp;x=%22"/);
  assert.match(form, /autocomplete="current-password"/);
  const opened = await send({ next: '/queue?domain=example.net&x=%22' });
  assert.deepEqual([opened.status, opened.headers.get('location')], [303, '/queue?domain=example.net&x=%22']);
  const cookie = cookieIn(opened);
  const page = await (await get('/me/sign-in', { cookie })).text();
  assert.match(page, />alice@example\.org</);
  assert.equal((await get('/server', { cookie })).status, 403, 'he is no operator');
  const { sessions } = await office.listSessions({ login: LOGIN });
  assert.deepEqual(
    sessions.map(({ by, address }) => [by, address]),
    [['password', '']],
  );
  assert.ok((await done()).includes('alice@example.org (console): console sign-in'));
});

const wrongs: readonly {
  readonly why: string;
  readonly said?: Partial<Identity>;
  readonly form: Record<string, string>;
}[] = [
  { why: 'a wrong password', form: { password: 'wrong' } },
  { why: 'nobody’s login', form: { login: 'nobody@example.org' } },
  { why: 'the right password of who is suspended', said: { state: 'suspended' }, form: {} },
  { why: 'the right password of who is removed', said: { state: 'removed', removedAt: START }, form: {} },
  { why: 'an app password', form: { password: device.text } },
  { why: 'a token', form: { password: token.text } },
  { why: 'no password', form: { password: '' } },
  { why: 'no login', form: { login: '' } },
];

test('wrong, unknown, suspended, an app password: one answer, at the cost of one hash, and nobody is in', async () => {
  const texts = new Set<string>();
  for (const { why, said, form } of wrongs) {
    const { send, hashed } = await begin(said);
    const answer = await send(form);
    assert.deepEqual([answer.status, answer.headers.get('set-cookie')], [401, null], why);
    assert.equal(hashed.length, 1, why);
    const told = (await answer.text()).replaceAll(/\s+value="[^"]*@[^"]*"|\s+value=""|autofocus|\s+/g, '');
    texts.add(told);
  }
  assert.equal(texts.size, 1);
});

test('who guesses waits longer with each try, then is refused without a hash; the trail has it', async () => {
  const { sendAndWait, send, hashed, office } = await begin();
  const waits: number[] = [];
  for (let at = 0; at < 8; at += 1) waits.push((await sendAndWait({ password: `guess ${at}` })).ms);
  const { free, refuseFrom } = guessingDefaults.pair;
  assert.ok(
    waits.slice(0, free).every((ms) => ms < 500),
    String(waits),
  );
  assert.ok((waits[free + 2] ?? 0) >= 2000, String(waits));
  // Nobody waits for his answer before he tries once more.
  const unanswered: Promise<Response>[] = [];
  for (let at = 0; at < 30; at += 1) {
    unanswered.push(send({ password: `more ${at}` }));
    await settled();
  }
  assert.ok(hashed.length <= (refuseFrom ?? 0) + 1, String(hashed.length));
  const before = hashed.length;
  unanswered.push(send({}));
  await settled();
  assert.equal(hashed.length, before, 'the right one too, from there');
  office.clock.advance(60_000);
  for (const answer of await Promise.all(unanswered)) assert.equal(answer.status, 401);
  const failures = (await office.trail()).filter(({ type }) => type === 'authenticationFailed');
  assert.ok(failures.length > 0);
  const [{ payload, identityId } = assert.fail()] = failures;
  assert.equal(identityId, `id-${LOGIN}`);
  assert.ok(payload !== undefined && 'mechanism' in payload);
  assert.deepEqual([payload.mechanism, payload.session.role], ['console', 'console']);
  assert.ok(!JSON.stringify(await office.trail()).includes('guess 1'));
});

test('who may more than look after himself is not let in by his password alone', async () => {
  for (const role of ['domainAdmin', 'desk', 'auditor', 'admin'] as const) {
    const { send } = await begin({ role });
    const answer = await send({});
    assert.deepEqual([answer.status, answer.headers.get('set-cookie')], [403, null], role);
    assert.match(await answer.text(), /postern console link alice@example\.org/);
  }
});

test('with a second factor the code comes after the password, and the cookie is another one at each step', async () => {
  for (const role of ['user', 'admin'] as const) {
    const { send, post, get, code } = await begin({ role, credentials: [password, totp] });
    const planted = `postern-8588=${'B'.repeat(43)}`;
    const first = await asked(await send({ next: '/trace' }, { cookie: planted }));
    assert.equal((await get('/', { cookie: first.cookie })).status, 401, 'half way is not in');
    const opened = await post(
      '/sign-in/code',
      { token: first.token, code: code() },
      { cookie: first.cookie },
    );
    assert.deepEqual([opened.status, opened.headers.get('location')], [303, '/trace']);
    const cookie = cookieIn(opened);
    assert.equal(new Set([planted, first.cookie, cookie]).size, 3);
    assert.equal((await get('/sign-in', { cookie })).status, 200);
    const page = await (await get('/me/sign-in', { cookie })).text();
    assert.match(page, />alice@example\.org</);
    for (const old of [planted, first.cookie]) assert.equal((await get('/', { cookie: old })).status, 401);
  }
});

test('a code counts once: whoever saw it typed does not come in by it', async () => {
  const { send, post, code } = await begin({ credentials: [password, totp] });
  const [one, other] = [await asked(await send({})), await asked(await send({}))];
  const typed = code();
  const both = await Promise.all(
    [one, other].map(({ cookie, token }) => post('/sign-in/code', { token, code: typed }, { cookie })),
  );
  assert.deepEqual(
    both.map(({ status }) => status).toSorted((one, other) => one - other),
    [303, 401],
  );
  const third = await asked(await send({}));
  const again = await post('/sign-in/code', { token: third.token, code: typed }, { cookie: third.cookie });
  assert.deepEqual([again.status, again.headers.get('set-cookie')], [401, null]);
});

test('wrong codes are counted with the account, and then the right one does not count either for a while', async () => {
  const { send, post, code, office } = await begin({ credentials: [password, totp] });
  let status = 0;
  for (let at = 0; at < 60; at += 1) {
    const { cookie, token } = await asked(await send({}));
    const answer = await post('/sign-in/code', { token, code: '000000' }, { cookie });
    status = answer.status;
    assert.equal(status, 401);
    if (/Too many wrong codes/.test(await answer.text())) break;
  }
  const { cookie, token } = await asked(await send({}));
  const right = await post('/sign-in/code', { token, code: code() }, { cookie });
  assert.match(await right.text(), /Too many wrong codes/);
  office.clock.advance(24 * 3_600_000);
  const later = await asked(await send({}));
  assert.equal(
    (await post('/sign-in/code', { token: later.token, code: code() }, { cookie: later.cookie })).status,
    303,
  );
});

test('a code without its half way, too late, or after a change of the account leads nowhere', async () => {
  const { send, post, code, office, change } = await begin({ credentials: [password, totp] });
  const none = await post('/sign-in/code', { token: 'x', code: code() });
  assert.equal(none.status, 401);
  const foreign = await asked(await send({}));
  const other = await post('/sign-in/code', { token: 'x', code: code() }, { cookie: foreign.cookie });
  assert.equal(other.status, 401);
  const late = await asked(await send({}));
  office.clock.advance(HALF_WAY_MS);
  const over = await post('/sign-in/code', { token: late.token, code: code() }, { cookie: late.cookie });
  assert.deepEqual([over.status, over.headers.get('set-cookie')], [401, null]);
  const before = await asked(await send({}));
  await change({ credentials: [{ ...password, createdAt: START + 1 }, totp] });
  const after = await post('/sign-in/code', { token: before.token, code: code() }, { cookie: before.cookie });
  assert.deepEqual([after.status, after.headers.get('set-cookie')], [401, null]);
});

const elsewhere = [
  'https://evil.example/',
  '//evil.example/queue',
  '/\\evil.example/queue',
  '\\\\evil.example',
  '/%2f/evil.example',
  'javascript:alert(1)',
  '/sign-out',
  '/api/v1/accounts',
  '/no-such-page',
  '/queue\r\nset-cookie: x=y',
  `/queue?${'x'.repeat(2000)}`,
  'queue',
  '',
];

test('after signing in nobody is led anywhere but to a page of ours', async () => {
  for (const next of elsewhere) {
    const { send } = await begin();
    const opened = await send({ next });
    const location = opened.headers.get('location') ?? '';
    assert.equal(opened.status, 303, next);
    assert.ok(location === '/' || location === '/queue', `${next} led to ${location}`);
  }
});

test('another site signs nobody in, and frames no form', async () => {
  const { send, get } = await begin();
  for (const headers of [
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'http://127.0.0.1:9999', 'sec-fetch-site': 'same-site' },
    { origin: undefined, 'sec-fetch-site': undefined },
  ]) {
    const answer = await send({}, headers);
    assert.deepEqual([answer.status, answer.headers.get('set-cookie')], [403, null]);
  }
  const form = await get('/sign-in');
  assert.equal(form.headers.get('x-frame-options'), 'DENY');
  assert.match(form.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
});

test('a link for an account lets it in with its role, once, and the trail has who made it', async () => {
  const { link, post, get, done } = await begin({ role: 'desk' });
  const address = await link('root', 'alice@example.org');
  const gate = await get(new URL(address).pathname);
  assert.match(await gate.text(), /made for <strong>alice@example\.org<\/strong>/);
  const one = new URL(address).pathname.split('/').at(-1) ?? '';
  const opened = await post('/sign-in', { secret: one });
  const cookie = cookieIn(opened);
  assert.match(await (await get('/', { cookie })).text(), />alice@example\.org</);
  assert.equal((await get('/settings', { cookie })).status, 403, 'a desk is no admin');
  assert.equal((await post('/sign-in', { secret: one })).status, 410);
  const acts = (await done()).filter((act) => act.includes('console '));
  assert.deepEqual(acts, [
    'root (command line): console link',
    'alice@example.org (console): console sign-in',
  ]);
});

test('a link for nobody, or for who may not come in, is not made; one whose account was suspended since is over', async () => {
  const { link, post, change } = await begin();
  await assert.rejects(link('root', 'nobody@example.org'), /there is no account nobody@example\.org/);
  const one = new URL(await link('root', LOGIN)).pathname.split('/').at(-1) ?? '';
  await change({ state: 'suspended' });
  await assert.rejects(link('root', LOGIN), /is suspended/);
  assert.equal((await post('/sign-in', { secret: one })).status, 410);
});

test('whoever signs in anew leaves no session behind in this browser', async () => {
  const { send, office } = await begin();
  const first = cookieIn(await send({}));
  await send({}, { cookie: first });
  assert.equal((await office.listSessions({ login: LOGIN })).sessions.length, 1);
});

test('nor does who is asked for a code, whether or not he goes on', async () => {
  const { send, office, post, code } = await begin({ credentials: [password, totp] });
  const half = await asked(await send({}));
  const opened = await post('/sign-in/code', { token: half.token, code: code() }, { cookie: half.cookie });
  await asked(await send({}, { cookie: cookieIn(opened) }));
  assert.equal((await office.listSessions({ login: LOGIN })).sessions.length, 0);
});

test('one network that guesses, and waits for no answer, leaves room for others to sign in', async () => {
  const { app, office } = await begin();
  const signInFrom = async (address: string, form: Readonly<Record<string, string>>): Promise<Response> =>
    app.fetch(
      new Request(`${ORIGIN}/sign-in`, {
        method: 'POST',
        headers: {
          host: new URL(ORIGIN).host,
          origin: ORIGIN,
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams(form),
      }),
      { incoming: { socket: { remoteAddress: address, remotePort: 1 } } },
    );
  const guesses: Promise<Response>[] = [];
  for (let at = 0; at < 100; at += 1) {
    guesses.push(signInFrom('192.0.2.1', { login: `${at % 5}@example.org`, password: `guess ${at}` }));
    await settled();
  }
  const opened = await signInFrom('198.51.100.1', { login: LOGIN, password: RIGHT });
  assert.equal(opened.status, 303);
  office.clock.advance(60_000);
  await settled();
  const answers = await Promise.all(guesses);
  assert.ok(answers.some(({ status }) => status === 503));
  const later = signInFrom('192.0.2.1', { login: 'x', password: 'x' });
  await settled();
  office.clock.advance(60_000);
  assert.equal((await later).status, 401, 'places are given back');
});

test('what is typed as a login is escaped where it is shown again', async () => {
  const { send } = await begin();
  const text = await (await send({ login: '"><script>alert(1)</script>', password: 'x' })).text();
  assert.doesNotMatch(text, /<script>alert/);
});

test('who stops his own account is out at once: the page that says so has no menu', async () => {
  const { send, get, post } = await begin();
  const cookie = cookieIn(await send({}));
  const asked = await (await get('/me/stop', { cookie })).text();
  const [, token = assert.fail(asked)] = /name="token" value="([^"]+)"/.exec(asked) ?? [];
  const stopped = await (await post('/me/stop', { token, sure: 'yes' }, { cookie })).text();
  assert.match(stopped, /Your account is stopped/);
  assert.doesNotMatch(stopped, /class="menu"|Sign out/);
});
