// Wrong second factors, wherever one is shown: each stands in the trail with who and from where, and is counted by the defence of passwords.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patiently } from '../../test/fakes/clock.ts';
import { cookieIn } from '../../test/fakes/console.ts';
import { newAuthenticator } from '../../test/fakes/passkey.ts';
import {
  ALICE,
  BOB,
  challengeIn,
  HOST,
  NAMED,
  openProvedDesk,
  PASSWORD,
} from '../../test/fakes/proved-desk.ts';
import { FRESH_MS } from '../administration/fresh-proof.ts';
import { guessingDefaults } from '../identity/guessing.ts';

const FROM = '198.51.100.7';
const { free, refuseFrom = 0 } = guessingDefaults.pair;
/** Of TOTP: fewer than cost waiting. */
const CODES = ['000001', '000002', '000003', '000004'] as const;

async function begin() {
  const at = await openProvedDesk({ origin: NAMED });
  const { clock, desk, office } = at;
  const device = await at.passkey();
  const browser = await at.signIn();
  const headers = (cookie: string) => ({
    ...{ host: HOST, origin: NAMED, 'sec-fetch-site': 'same-origin', cookie },
    'content-type': 'application/x-www-form-urlencoded',
  });
  /** From an address. */
  async function post(path: string, form: Readonly<Record<string, string>>, cookie: string) {
    const body = new URLSearchParams(form).toString();
    const request = new Request(`${NAMED}${path}`, { method: 'POST', headers: headers(cookie), body });
    const incoming = { socket: { remoteAddress: FROM, remotePort: 4711 } };
    return patiently(clock, Promise.resolve(desk.app.fetch(request, { incoming })));
  }

  async function halfWay() {
    const half = await desk.post('/sign-in', { login: ALICE, password: PASSWORD, next: '/' });
    const page = await half.text();
    const token = /name="token" value="([^"]+)"/.exec(page)?.[1] ?? assert.fail(page);
    const answer = (form: Readonly<Record<string, string>>) =>
      post('/sign-in/code', { token, ...form }, cookieIn(half));
    return { answer, challenge: challengeIn(page) };
  }

  const suspend = (form: Readonly<Record<string, string>>) =>
    post('/identity', { token: browser.token, login: BOB, action: 'suspend', ...form }, browser.cookie);

  return {
    ...{ ...at, device, halfWay, suspend },
    own: (form: Readonly<Record<string, string>>) =>
      post('/me/sign-in', { token: browser.token, ...form }, browser.cookie),
    async failed() {
      // Nothing waits for this record.
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      return (await office.trail()).flatMap(({ type, payload, identityId }) =>
        type === 'authenticationFailed' && payload !== undefined && 'mechanism' in payload
          ? [{ identityId, ...payload }]
          : [],
      );
    },
  };
}

type At = Awaited<ReturnType<typeof begin>>;

const stranger = newAuthenticator();

const places: readonly {
  readonly where: string;
  readonly cause: RegExp;
  wrong(at: At): Promise<Response>;
}[] = [
  {
    where: 'a code at the sign-in',
    cause: /^wrong code of the second factor$/,
    wrong: async (at) => (await at.halfWay()).answer({ code: '000000' }),
  },
  {
    where: 'what looks like a recovery code at the sign-in',
    cause: /^wrong code of the second factor$/,
    wrong: async (at) => (await at.halfWay()).answer({ code: '0000-0000-0000-0000' }),
  },
  {
    where: 'a passkey at the sign-in',
    cause: /^wrong passkey$/,
    async wrong(at) {
      const half = await at.halfWay();
      return half.answer({ answer: stranger.get(half.challenge) });
    },
  },
  {
    where: 'a code as fresh proof',
    cause: /^wrong code of the second factor$/,
    wrong: (at) => at.suspend({ 'fresh-code': '000000' }),
  },
  {
    where: 'a passkey as fresh proof',
    cause: /^wrong passkey$/,
    async wrong(at) {
      at.clock.advance(FRESH_MS);
      const challenge = challengeIn(await (await at.suspend({})).text());
      return at.suspend({ 'fresh-answer': stranger.get(challenge) });
    },
  },
  ...['codes', 'remove'].map((action) => ({
    where: `a code for a change of the own sign-in (${action})`,
    cause: /^wrong code of the second factor$/,
    wrong: (at: At) => at.own({ action, proof: '000000' }),
  })),
];

for (const { where, cause, wrong } of places)
  test(`${where}: a wrong one is in the trail, with who and from where`, async () => {
    const at = await begin();
    const answer = await wrong(at);
    assert.ok(answer.status >= 400);
    const [failed, ...others] = await at.failed();
    assert.deepEqual(others, []);
    assert.ok(failed !== undefined);
    const { identityId, login, mechanism, network, session } = failed;
    assert.deepEqual(
      [identityId, login, mechanism, network, session.clientAddress, session.clientPort],
      [`id-${ALICE}`, ALICE, 'console', '198.51.100.0/24', FROM, 4711],
    );
    assert.match(failed.cause, cause);
  });

test('a right one is in no record of failures, and counts nothing', async () => {
  const at = await begin();
  for (let times = 0; times < 2 * free; times += 1) {
    const half = await at.halfWay();
    const before = at.clock.monotonic();
    assert.equal((await half.answer({ answer: at.device.get(half.challenge) })).status, 303);
    assert.equal(at.clock.monotonic(), before);
  }
  assert.deepEqual(await at.failed(), []);
});

test('each wrong code is answered later than the one before, at the sign-in and as fresh proof together', async () => {
  const at = await begin();
  const took: number[] = [];
  for (const code of CODES) {
    const half = await at.halfWay();
    const before = at.clock.monotonic();
    await half.answer({ code });
    took.push(at.clock.monotonic() - before);
  }
  assert.deepEqual(
    took.map((ms) => ms > 0),
    [false, false, false, true],
    String(took),
  );
  const before = at.clock.monotonic();
  await at.suspend({ 'fresh-code': '000005' });
  assert.ok(at.clock.monotonic() - before > (took.at(-1) ?? 0));
});

test('of many wrong passkeys at once no more than twenty are looked at, and for a while a right one neither', async () => {
  const at = await begin();
  const halves: Awaited<ReturnType<typeof at.halfWay>>[] = [];
  for (let tries = 0; tries <= refuseFrom; tries += 1) halves.push(await at.halfWay());
  const [last = assert.fail(), ...others] = halves;
  const wrong = others.map((half) => half.answer({ answer: stranger.get(half.challenge) }));
  const right = await last.answer({ answer: at.device.get(last.challenge) });
  assert.equal(right.status, 401);
  assert.match(await right.text(), /Too much was tried for this account from your network/);
  for (const answer of await Promise.all(wrong))
    assert.match(await answer.text(), /This passkey does not let you in/);
  const causes = (await at.failed()).map(({ cause }) => cause);
  assert.ok(
    causes.some((cause) => cause.startsWith('too many wrong secrets from this network')),
    String(causes),
  );
  at.clock.advance(guessingDefaults.halfLifeMs);
  const later = await at.halfWay();
  assert.equal((await later.answer({ answer: at.device.get(later.challenge) })).status, 303);
});
