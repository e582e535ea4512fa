// One's own sessions and password: what a form does to them, and what somebody may try who has a session and not the password.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieIn, openDesk } from '../../../../test/fakes/console.ts';
import { phcOf } from '../../../../test/fakes/lookup-thread.ts';
import { guessingDefaults } from '../../../identity/guessing.ts';
import { verifyPassword } from '../../../identity/password.ts';
import { identityChange, identityOf, START } from '../../../store/store.contract-fixtures.ts';

const RIGHT = 'correct horse battery';
const NEW = 'staple horse battery';
const ALICE = 'alice@example.org';
const CAROL = 'carol@example.org';

/** Of each, with a password. */
const account = (login: string) =>
  identityOf(login, {
    credentials: [
      {
        ...{ id: 'password', kind: 'password', label: 'password', createdAt: START },
        verifiers: [{ type: 'argon2id', phc: phcOf(RIGHT) }],
      },
    ],
  });

async function begin() {
  const desk = openDesk();
  const { office } = desk;
  for (const login of [ALICE, CAROL])
    await office.ports.store.commit([identityChange(account(login), 0, START)]);
  async function signIn(login: string, browser = 'Firefox') {
    const headers = { 'user-agent': browser };
    const cookie = cookieIn(await desk.post('/sign-in', { login, password: RIGHT, next: '/me' }, headers));
    const page = async (path = '/me/devices') => (await desk.get(path, { cookie })).text();
    const token = /name="token" value="([^"]+)"/.exec(await page())?.[1] ?? '';
    return {
      page,
      isIn: async () => (await desk.get('/me', { cookie })).status === 200,
      act: (path: string, form: Readonly<Record<string, string>>) =>
        desk.post(path, { token, ...form }, { cookie }),
      /** Answered no sooner than it may be. */
      async actAndWait(path: string, form: Readonly<Record<string, string>>): Promise<Response> {
        let answer: Response | undefined;
        const sent = desk.post(path, { token, ...form }, { cookie }).then((one) => (answer = one));
        while (answer === undefined) {
          await new Promise(setImmediate);
          office.clock.advance(100);
        }
        return sent;
      },
    };
  }
  const phc = async (login: string): Promise<string> => {
    const identity = await office.ports.lookups.identityByLogin(login);
    return JSON.stringify(identity?.credentials);
  };
  return { ...desk, signIn, phc };
}

const sessionsIn = (page: string): readonly string[] =>
  [...page.matchAll(/name="session" value="([^"]+)"/g)].map(([, name = '']) => name);

test('sessions are told with place and browser, and another one is ended at once', async () => {
  const { signIn } = await begin();
  const [here, there] = [await signIn(ALICE, 'Firefox'), await signIn(ALICE, '<img src=x>')];
  const page = await here.page();
  assert.match(page, /Firefox[^]*this one|this one[^]*Firefox/);
  assert.doesNotMatch(page, /<img/);
  const [other = '', ...more] = sessionsIn(page);
  assert.deepEqual(more, []);
  assert.equal((await here.act('/me/sessions', { session: other })).status, 303);
  assert.deepEqual([await here.isIn(), await there.isIn()], [true, false]);
  assert.equal((await here.act('/me/sessions', { session: other })).status, 404);
});

test('the last use of the password is not said to be of mail: it may have opened the console alone', async () => {
  const { signIn, office } = await begin();
  const { page } = await signIn(ALICE);
  const used = { type: 'credentialUsed', credentialId: 'password', at: office.clock.now() + 1 } as const;
  const { id: identityId = '' } = (await office.ports.lookups.identityByLogin(ALICE)) ?? {};
  await office.ports.store.commit([{ ...used, identityId, address: '192.0.2.7' }]);
  const [, card = ''] = (await page('/me/devices')).split('<h2>Password</h2>');
  assert.match(card, /last used <time[^]*from 192\.0\.2\.7/);
  assert.doesNotMatch(card, /for mail/);
  assert.match(card, /opens this console too: give each device an app password of its own/);
});

test('a session of somebody else is not ended', async () => {
  const { signIn } = await begin();
  const [alice, carol, carols] = [await signIn(ALICE), await signIn(CAROL), await signIn(CAROL)];
  const [session = ''] = sessionsIn(await carol.page());
  assert.equal((await alice.act('/me/sessions', { session })).status, 404);
  assert.equal(await carols.isIn(), true);
});

test('a password is changed by who gives the present one; his other sessions are over, this one goes on', async () => {
  const { signIn, phc, office } = await begin();
  const [here, there] = [await signIn(ALICE), await signIn(ALICE)];
  office.clock.advance(1000);
  const form = { present: RIGHT, password: NEW, again: NEW };
  assert.equal((await here.act('/me/password', form)).status, 303);
  assert.deepEqual([await here.isIn(), await there.isIn()], [true, false]);
  const [stored = ''] = /\$argon2id[^"]*/.exec(await phc(ALICE)) ?? [];
  assert.equal(await verifyPassword(stored, NEW), true);
  const trail = JSON.stringify(await office.trail());
  assert.match(trail, /alice@example\.org \(console\)","action":"password"/);
  for (const secret of [RIGHT, NEW, 'argon2id']) assert.ok(!trail.includes(secret));
});

test('with a wrong present password, two new ones or a short one nothing is changed', async () => {
  const { signIn, phc } = await begin();
  const { act, actAndWait } = await signIn(ALICE);
  const before = await phc(ALICE);
  const wrong = await actAndWait('/me/password', { present: 'x', password: NEW, again: NEW });
  assert.equal(wrong.status, 403);
  for (const form of [
    { present: RIGHT, password: NEW, again: `${NEW}x` },
    { present: RIGHT, password: 'short', again: 'short' },
    { present: RIGHT, password: 'x'.repeat(1025), again: 'x'.repeat(1025) },
  ])
    assert.equal((await act('/me/password', form)).status, 400);
  assert.equal(await phc(ALICE), before);
});

test('whoever has a session alone and tries passwords waits longer each time, as at the sign-in', async () => {
  const { signIn, office, phc } = await begin();
  const { actAndWait } = await signIn(ALICE);
  const before = await phc(ALICE);
  const took: number[] = [];
  for (let at = 0; at < 12; at += 1) {
    const began = office.clock.monotonic();
    await actAndWait('/me/password', { present: `guess ${at}`, password: NEW, again: NEW });
    took.push(office.clock.monotonic() - began);
  }
  assert.ok((took.at(-1) ?? 0) >= guessingDefaults.pair.delayMsMax, took.join(', '));
  assert.equal(await phc(ALICE), before);
});
