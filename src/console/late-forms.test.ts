// Forms that come late: between the first octet and the last somebody may have taken away what the session stands on. Whoever has stolen one would hold such a form ready.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cookieIn, openDesk, ORIGIN } from '../../test/fakes/console.ts';
import type { Credential, Identity } from '../record/identity.ts';
import { changed, identityChange, identityOf, START } from '../store/store.contract-fixtures.ts';

const LOGIN = 'alice@example.org';
const password = (createdAt: number): Credential => ({
  ...{ id: 'password', kind: 'password', label: 'password', createdAt },
  verifiers: [{ type: 'argon2id', phc: '$x' }],
});

async function begin() {
  const { office, app, link, get, post } = openDesk();
  let alice = identityOf(LOGIN, { role: 'admin', credentials: [password(START)] });
  await office.ports.store.commit([identityChange(alice, 0, START)]);
  const address = new URL(await link('root', LOGIN));
  const cookie = cookieIn(await post('/sign-in', { secret: address.pathname.split('/').at(-1) ?? '' }));
  const token = /name="token" value="([^"]+)"/.exec(await (await get('/', { cookie })).text())?.[1] ?? '';
  return {
    office,
    isIn: async () => (await get('/', { cookie })).status === 200,
    async change(said: Partial<Identity>) {
      const after = changed(alice, said);
      await office.ports.store.commit([identityChange(after, alice.revision, START)]);
      alice = after;
    },
    /** `between`: after the session was found, before the form is whole. */
    async late(path: string, form: Readonly<Record<string, string>>, between: () => Promise<void>) {
      const { host } = new URL(ORIGIN);
      const text = new TextEncoder().encode(new URLSearchParams({ token, ...form }).toString());
      const body = new ReadableStream({
        async pull(controller) {
          for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
          await between();
          controller.enqueue(text);
          controller.close();
        },
      });
      const headers = {
        ...{ host, cookie, origin: ORIGIN, 'sec-fetch-site': 'same-origin' },
        'content-type': 'application/x-www-form-urlencoded',
      };
      return app.fetch(
        new Request(`${ORIGIN}${path}`, { method: 'POST', headers, body, duplex: 'half' } as RequestInit),
      );
    },
  };
}

const ends: readonly (readonly [string, Partial<Identity>])[] = [
  ['another password', { credentials: [password(START + 1)] }],
  ['another role', { role: 'user' }],
  ['a suspension', { state: 'suspended' }],
];

for (const [what, said] of ends)
  test(`a form that was begun before ${what} does nothing after it, and the session stays over`, async () => {
    const { office, late, change, isIn } = await begin();
    const form = { login: LOGIN, action: 'addRight', right: 'team@example.org' };
    assert.equal((await late('/identity', form, () => change(said))).status, 401);
    assert.equal((await office.accountRights({ login: LOGIN })).rights.length, 1, 'its login alone');
    assert.equal(await isIn(), false);
  });

test('a form about the own sign-in that changes nothing brings no session back', async () => {
  const { late, change, isIn } = await begin();
  const answer = await late('/me/sign-in', { action: 'begin' }, () =>
    change({ credentials: [password(START + 1)] }),
  );
  assert.equal(answer.status, 401);
  assert.equal(await isIn(), false);
});

test('a form that comes late, and nothing has changed, is done', async () => {
  const { late, isIn } = await begin();
  assert.equal((await late('/me/sign-in', { action: 'begin' }, () => Promise.resolve())).status, 200);
  assert.equal(await isIn(), true);
});
