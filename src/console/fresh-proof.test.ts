// The fresh proof in between: what was asked for goes on with it, and what somebody may try who has the session but not the factor.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieIn, openDesk } from '../../test/fakes/console.ts';
import {
  ALICE,
  BOB,
  challengeIn,
  formOf,
  MESSAGE,
  NAMED,
  openProvedDesk,
} from '../../test/fakes/proved-desk.ts';
import { FRESH_MS } from '../administration/fresh-proof.ts';
import { API_PATH } from '../http/api/path.ts';
import { verifyPassword } from '../identity/password.ts';
import { type Change, StoreUnavailable } from '../store/port.ts';
import { withCredentials } from '../store/shown-identity.ts';

const suspend = { login: BOB, action: 'suspend', reason: 'ticket "7" & more' };
const CONTENT = `/queue/message?id=${MESSAGE}&content=yes&reason=ticket`;

/** With a proof that is too old. */
async function stale(origin?: string) {
  const at = await openProvedDesk(origin === undefined ? {} : { origin });
  const browser = await at.signIn();
  at.clock.advance(FRESH_MS);
  return { ...at, browser };
}

test('within ten minutes of the sign-in nothing is asked', async () => {
  const at = await openProvedDesk();
  const browser = await at.signIn();
  at.clock.advance(FRESH_MS - 1);
  assert.equal((await at.act(browser, suspend)).status, 303);
  assert.equal(await at.stateOf(BOB), 'suspended');
});

test('later the code is asked for in between, and with it the form goes on as it was', async () => {
  const at = await stale();
  const asked = await at.act(at.browser, suspend);
  assert.equal(asked.status, 403);
  const page = await asked.text();
  assert.match(page, /Show that it is you[^]*To suspend an account a proof is wanted/);
  const form = formOf(page, '/identity');
  const { token, 'fresh-for': _for, ...kept } = form;
  assert.deepEqual([token, kept], [at.browser.token, suspend]);
  assert.equal(await at.stateOf(BOB), 'active', 'nothing is done yet');

  const done = await at.act(at.browser, { ...form, 'fresh-code': at.code() });
  assert.deepEqual([done.status, done.headers.get('location')], [303, `/identity?login=bob%40example.org`]);
  assert.equal(await at.stateOf(BOB), 'suspended');
  const trail = JSON.stringify(await at.office.trail());
  assert.match(trail, /"action":"console proof","detail":\{"session":"[^"]+","with":"code","address":""\}/);
  assert.match(trail, /ticket \\"7\\" & more/);
  assert.ok(!trail.includes('fresh-'));

  const next = await at.at(cookieIn(done));
  assert.equal(
    (await at.act(next, { login: BOB, action: 'resume' })).status,
    303,
    'fresh for ten minutes more',
  );
});

test('with the proof the cookie is another one: a copy of the one before opens nothing', async () => {
  const at = await stale();
  const copied = at.browser;
  const done = await at.act(at.browser, { ...suspend, 'fresh-code': at.code() });
  assert.equal(done.status, 303);
  assert.notEqual(cookieIn(done), copied.cookie);
  assert.equal((await at.desk.get('/', { cookie: copied.cookie })).status, 401);
  assert.equal((await at.act(copied, { login: BOB, action: 'resume' })).status, 401);
  assert.equal(await at.stateOf(BOB), 'suspended');
});

test('a file that was asked for comes with the new cookie', async () => {
  const at = await stale();
  const done = await at.act(at.browser, { reason: 'audit', 'fresh-code': at.code() }, '/trail/export');
  assert.equal(done.status, 200);
  assert.match(done.headers.get('content-disposition') ?? '', /\.jsonl/);
  assert.equal((await at.desk.get('/', { cookie: cookieIn(done) })).status, 200);
});

test('a page goes on where it was, and nowhere else', async () => {
  const at = await stale();
  const get = (path: string) => at.desk.get(path, { cookie: at.browser.cookie });
  const asked = await get(CONTENT);
  assert.equal(asked.status, 403);
  const form = formOf(await asked.text(), '/prove');
  assert.equal(form['next'], CONTENT);
  const looks = (await at.office.trail()).filter(({ type }) => type === 'lookedUp');
  assert.deepEqual(looks, [], 'nobody has looked yet');
  const wrong = await at.act(at.browser, { ...form, 'fresh-code': '000000' }, '/prove');
  assert.equal(formOf(await wrong.text(), '/prove')['next'], CONTENT, 'kept through a wrong code');
  const done = await at.act(at.browser, { ...form, 'fresh-code': at.code() }, '/prove');
  assert.deepEqual([done.status, done.headers.get('location')], [303, CONTENT]);
  const shown = await at.desk.get(CONTENT, { cookie: cookieIn(done) });
  assert.equal(shown.status, 200);
});

for (const next of ['https://evil.example/', '//evil.example', '/\\evil.example', '/sign-out', '/prove', ''])
  test(`a proof leads nobody to ${next === '' ? 'nothing' : next}`, async () => {
    const at = await stale();
    const done = await at.act(at.browser, { next, 'fresh-code': at.code() }, '/prove');
    assert.deepEqual([done.status, done.headers.get('location')], [303, '/']);
  });

test('wrong codes do nothing, keep the form, and are counted with the account', async () => {
  const at = await stale();
  let page = '';
  for (let tries = 0; tries < 6; tries += 1) {
    const asked = await at.act(at.browser, {
      ...suspend,
      'fresh-for': 'suspendAccount',
      'fresh-code': '000000',
    });
    assert.deepEqual([asked.status, asked.headers.get('set-cookie')], [403, null]);
    page = await asked.text();
    const { token: _token, 'fresh-for': _for, ...kept } = formOf(page, '/identity');
    assert.deepEqual(kept, suspend, 'without the wrong one');
    assert.match(page, /To suspend an account/);
  }
  assert.match(page, /Too many wrong codes/);
  const right = await at.act(at.browser, { ...suspend, 'fresh-code': at.code() });
  assert.match(await right.text(), /Too many wrong codes/);
  assert.equal(await at.stateOf(BOB), 'active');
});

test('a code that was used proves nothing more: not the one of the sign-in, nor at another node at once', async () => {
  const at = await openProvedDesk();
  const browser = await at.signIn();
  const used = at.app().code();
  at.clock.advance(FRESH_MS - 20_000);
  assert.equal((await at.act(browser, { ...suspend, 'fresh-code': used })).status, 403);

  const [one, other] = [await at.signIn(), await at.signIn()];
  at.clock.advance(FRESH_MS);
  const [there, code] = [at.another(), at.code()];
  const form = { ...suspend, 'fresh-code': code };
  const both = await Promise.all([at.act(one, form), at.act(other, form, '/identity', there)]);
  assert.deepEqual(new Set(both.map(({ status }) => status)), new Set([303, 403]));

  const [first, second] = [await at.signIn(), await at.signIn()];
  at.clock.advance(FRESH_MS);
  const recovery = { 'fresh-code': at.app().recoveryCodes[0] ?? '' };
  assert.equal((await at.act(first, { login: BOB, action: 'resume', ...recovery })).status, 303);
  assert.match(JSON.stringify(await at.office.trail()), /"console proof"[^}]*"with":"recovery code"/);
  assert.equal((await at.act(second, { ...suspend, ...recovery }, '/identity', there)).status, 403);
  assert.equal(await at.stateOf(BOB), 'active');
});

test('a passkey is a proof: its answer counts once, for the session and the node that asked', async () => {
  const at = await openProvedDesk({ origin: NAMED });
  const device = await at.passkey();
  const [one, other] = [await at.signIn(), await at.signIn()];
  at.clock.advance(FRESH_MS);
  const [challenge, others] = [
    challengeIn(await (await at.act(one, suspend)).text()),
    challengeIn(await (await at.act(other, suspend)).text()),
  ];
  const answer = device.get(challenge);
  const proved = { ...suspend, 'fresh-answer': answer };
  assert.equal(
    (await at.act(one, proved, '/identity', at.another())).status,
    403,
    'another node never asked',
  );
  assert.equal((await at.act(other, proved)).status, 403, 'nor did another session');
  assert.equal(await at.stateOf(BOB), 'active');
  const done = await at.act(one, proved);
  assert.equal(done.status, 303);
  assert.equal(await at.stateOf(BOB), 'suspended');
  assert.match(JSON.stringify(await at.office.trail()), /"console proof"[^}]*"with":"passkey"/);
  const again = { login: BOB, action: 'resume', 'fresh-answer': answer };
  at.clock.advance(FRESH_MS);
  assert.equal((await at.act(await at.at(cookieIn(done)), again)).status, 403, 'nor counts it again');
  const late = { login: BOB, action: 'resume', 'fresh-answer': device.get(others) };
  assert.equal(
    (await at.act(other, late)).status,
    403,
    'what was asked for then is used up by the wrong one',
  );
  assert.equal(await at.stateOf(BOB), 'suspended');
});

test('a proof without the token of the form is not looked at: its code goes on counting', async () => {
  const at = await stale();
  const code = at.code();
  const refused = await at.act(at.browser, { ...suspend, token: 'x', 'fresh-code': code });
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), /this form is not of your session/);
  assert.equal((await at.act(at.browser, { ...suspend, 'fresh-code': code })).status, 303);
});

test('in a browser to which somebody gave his own session nobody makes that one fresh with his code', async () => {
  const at = await openProvedDesk();
  const planted = await at.signIn(BOB);
  at.clock.advance(FRESH_MS);
  const asked = await at.act(planted, { next: '/me/mail', 'fresh-code': at.code(ALICE) }, '/prove');
  assert.deepEqual([asked.status, asked.headers.get('set-cookie')], [403, null]);
});

test('a session whose role rises meanwhile is over, with a right code too', async () => {
  const at = await openProvedDesk();
  const browser = await at.signIn(BOB);
  at.clock.advance(FRESH_MS);
  await at.office.setRole({ login: BOB, role: 'admin', domains: [] });
  const tried = await at.act(browser, { login: ALICE, action: 'suspend', 'fresh-code': at.code(BOB) });
  assert.equal(tried.status, 401);
  assert.equal(await at.stateOf(ALICE), 'active');
});

test('after the clock stepped back the proof is asked for, and counts from then on', async () => {
  const at = await openProvedDesk();
  const browser = await at.signIn();
  at.clock.advance(-60_000);
  assert.equal((await at.act(browser, suspend)).status, 403);
  const [recovery = ''] = at.app().recoveryCodes;
  assert.equal((await at.act(browser, { ...suspend, 'fresh-code': recovery })).status, 303);
  assert.equal(await at.stateOf(BOB), 'suspended');
});

test('on loopback a link is the proof of who has no factor: his own, once, and in the place of a code', async () => {
  const at = await openProvedDesk();
  const { cookie, token } = await at.desk.enter('root');
  assert.equal(
    (await at.act({ cookie, token }, suspend)).status,
    303,
    'the link that let him in, for ten minutes',
  );
  at.clock.advance(FRESH_MS);
  const resume = { login: BOB, action: 'resume' };
  const page = await (await at.act({ cookie, token }, resume)).text();
  assert.match(page, /postern console link<[^]*name="fresh-link"/);
  assert.doesNotMatch(page, /fresh-code/);
  for (const [who, login] of [['mallory'], ['root', ALICE]] as const) {
    const link = await at.desk.link(who, login);
    assert.equal((await at.act({ cookie, token }, { ...resume, 'fresh-link': link })).status, 403, who);
    assert.equal(
      (await at.desk.get(new URL(link).pathname)).status,
      200,
      'it is left to whom it was made for',
    );
  }
  assert.equal((await at.act({ cookie, token }, { ...resume, 'fresh-code': at.code() })).status, 403);
  const link = await at.desk.link('root');
  const done = await at.act({ cookie, token }, { ...resume, 'fresh-link': link });
  assert.equal(done.status, 303);
  assert.equal(await at.stateOf(BOB), 'active');
  assert.equal((await at.desk.get(new URL(link).pathname)).status, 410, 'used up');
  assert.match(JSON.stringify(await at.office.newest()), /resume/);
});

test('the API takes no session, fresh or not, and says what it takes', async () => {
  const at = await stale();
  for (const { cookie } of [at.browser, await at.signIn()]) {
    const answer = await at.desk.post(`${API_PATH}/accounts/${BOB}/suspend`, '', { cookie });
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [401, 'application/problem+json']);
    assert.match(await answer.text(), /Authorization: Bearer TOKEN[^]*postern token add/);
  }
  assert.equal(await at.stateOf(BOB), 'active');
});

const NEW = ' staple "horse" & battery ';
const setPassword = { login: BOB, action: 'setPassword', password: NEW };

test('a password goes on with the proof as it was typed, in a page that nothing keeps, and stands in no record', async () => {
  const at = await stale();
  const asked = await at.act(at.browser, setPassword);
  assert.deepEqual([asked.status, asked.headers.get('cache-control')], [403, 'no-store']);
  const form = formOf(await asked.text(), '/identity');
  assert.equal(form['password'], NEW);
  const done = await at.act(at.browser, { ...form, 'fresh-code': at.code() });
  assert.equal(done.status, 303);
  const page = await at.desk.get(done.headers.get('location') ?? '', { cookie: cookieIn(done) });
  const text = `${await page.text()} ${JSON.stringify(await at.office.trail())}`;
  assert.match(text, /The password of bob@example\.org is set[^]*changes it on My devices/);
  assert.doesNotMatch(text, /staple/);
  const bob = (await at.office.ports.lookups.identityByLogin(BOB)) ?? assert.fail();
  const [kept] = withCredentials(bob).credentials.find(({ kind }) => kind === 'password')?.verifiers ?? [];
  assert.ok(kept?.type === 'argon2id');
  assert.deepEqual(await verifyPassword(kept.phc, NEW), true);
});

test('who sets his own password on the page of the account stays in, and his other sessions are over', async () => {
  const at = await openProvedDesk();
  const [one, other] = [await at.signIn(), await at.signIn()];
  const done = await at.act(one, { ...setPassword, login: ALICE });
  assert.equal(done.status, 303);
  const get = async ({ cookie }: typeof one) => (await at.desk.get('/', { cookie })).status;
  assert.deepEqual([await get(one), await get(other)], [200, 401]);
});

for (const [what, isRefused] of [
  ['nothing', () => true],
  ['no proof', ({ type }) => type === 'consoleSession'],
  ['no use of a code', ({ type }) => type === 'identity'],
] as const satisfies readonly (readonly [string, (change: Change) => boolean])[])
  test(`a store that can write ${what}: nothing is proved or done, and the session goes on when it can again`, async () => {
    const at = await stale();
    const { ports } = at.office;
    const commit: typeof ports.store.commit = (changes) =>
      changes.some(isRefused)
        ? Promise.reject(new StoreUnavailable('the disk is full'))
        : ports.store.commit(changes);
    const full = openDesk({ office: { ...at.office, ports: { ...ports, store: { commit } } } });
    const tried = await at.act(at.browser, { ...suspend, 'fresh-code': at.code() }, '/identity', full);
    assert.deepEqual([tried.status, tried.headers.get('set-cookie')], [503, null]);
    assert.match(await tried.text(), /the disk is full/);
    assert.equal((await at.act(at.browser, suspend)).status, 403, 'still asked for');
    assert.equal(await at.stateOf(BOB), 'active');
    assert.equal((await at.act(at.browser, { ...suspend, 'fresh-code': at.code() })).status, 303);
    assert.equal(await at.stateOf(BOB), 'suspended');
  });
