// The first second factor of an account: whoever has found or taken over a session sets up none of his own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patiently } from '../../../test/fakes/clock.ts';
import { cookieIn, openDesk } from '../../../test/fakes/console.ts';
import { phcOf } from '../../../test/fakes/lookup-thread.ts';
import { codeFor } from '../../../test/fakes/second-factor.ts';
import { FRESH_MS } from '../../administration/fresh-proof.ts';
import type { Credential } from '../../record/identity.ts';
import { identityChange, identityOf, START } from '../../store/store.contract-fixtures.ts';

const RIGHT = 'correct horse battery';
const ALICE = 'alice@example.org';
const PATH = '/me/sign-in';
const password: Credential = {
  ...{ id: 'password', kind: 'password', label: 'password', createdAt: START },
  verifiers: [{ type: 'argon2id', phc: phcOf(RIGHT) }],
};

async function begin(credentials: readonly Credential[] = [password]) {
  const desk = openDesk();
  const { office } = desk;
  const { clock, ports } = office;
  const alice = identityOf(ALICE, { credentials });
  await ports.store.commit([identityChange(alice, 0, START)]);

  async function inside(cookie: string) {
    const shown = await (await desk.get(PATH, { cookie })).text();
    const token = /name="token" value="([^"]+)"/.exec(shown)?.[1] ?? '';
    const act = (form: Readonly<Record<string, string>>) => desk.post(PATH, { token, ...form }, { cookie });
    const begun = await (await act({ action: 'begin' })).text();
    const secret = /name="secret" value="([A-Z2-7]{32})"/.exec(begun)?.[1] ?? assert.fail(begun);
    return {
      ...{ begun, act, secret },
      confirm(said: Readonly<Record<string, string>> = {}): Promise<Response> {
        const form = { action: 'confirm', secret, code: codeFor(secret, clock.now()), ...said };
        return patiently(clock, act(form));
      },
    };
  }

  return {
    ...{ office, clock },
    byPassword: async () =>
      inside(cookieIn(await desk.post('/sign-in', { login: ALICE, password: RIGHT, next: '/' }))),
    async byLink() {
      const secret = new URL(await desk.link('root', ALICE)).pathname.split('/').at(-1) ?? '';
      return inside(cookieIn(await desk.post('/sign-in', { secret })));
    },
    link: () => desk.link('root', ALICE),
    isSetUp: async () => (await office.showSecondFactor({ login: ALICE })).totp !== undefined,
  };
}

test('who signed in by his password types it once more', async () => {
  const at = await begin();
  const alice = await at.byPassword();
  assert.match(alice.begun, /name="password"\s+autocomplete="current-password"/);
  for (const [said, words] of [
    [{}, /role="alert">your password is wanted/],
    [{ password: 'guess' }, /role="alert">that is not your present password/],
    [{ password: RIGHT, code: '000000' }, /role="alert">the code of the new app is not right/],
  ] as const) {
    const text = await (await alice.confirm(said)).text();
    assert.match(text, words);
    assert.match(text, new RegExp(`name="secret" value="${alice.secret}"[^]*name="password"`));
    assert.equal(await at.isSetUp(), false);
  }
  const done = await alice.confirm({ password: RIGHT });
  assert.match(await done.text(), /counts from now on/);
  assert.equal(await at.isSetUp(), true);
});

test('guesses at the password there are those of the sign-in: slower each time, and in the trail', async () => {
  const at = await begin();
  const alice = await at.byPassword();
  const before = at.clock.monotonic();
  for (let tries = 0; tries < 6; tries += 1) await alice.confirm({ password: `guess ${tries}` });
  assert.ok(at.clock.monotonic() - before > 2000);
  const failed = (await at.office.trail()).filter(({ type }) => type === 'authenticationFailed');
  assert.ok(failed.length > 0);
});

test('who came by a link has no password to type: the link is his proof for ten minutes, then another one', async () => {
  for (const credentials of [[], [password]]) {
    const at = await begin(credentials);
    const alice = await at.byLink();
    assert.doesNotMatch(alice.begun, /name="password"/);
    assert.match(await (await alice.confirm()).text(), /counts from now on/);
    assert.equal(await at.isSetUp(), true);
  }
  const at = await begin([]);
  const alice = await at.byLink();
  at.clock.advance(FRESH_MS);
  const asked = await alice.confirm();
  assert.equal(asked.status, 403);
  assert.match(
    await asked.text(),
    /To set up a second factor a proof is wanted[^]*postern console link alice@example\.org/,
  );
  assert.equal(await at.isSetUp(), false);
  const done = await alice.confirm({ 'fresh-link': await at.link() });
  assert.match(await done.text(), /counts from now on/);
});

test('after the ten minutes a link of somebody who has a password asks for that', async () => {
  const at = await begin();
  const alice = await at.byLink();
  at.clock.advance(FRESH_MS);
  assert.match(
    await (await alice.confirm()).text(),
    /role="alert">your password is wanted[^]*name="password"/,
  );
  assert.match(await (await alice.confirm({ password: RIGHT })).text(), /counts from now on/);
});
