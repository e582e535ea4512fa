// A passkey in the place of the code: what it lets in, and what somebody may try who has only seen one used.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { cookieIn, openDesk } from '../../test/fakes/console.ts';
import { phcOf } from '../../test/fakes/lookup-thread.ts';
import { newAuthenticator } from '../../test/fakes/passkey.ts';
import { type App, setUpTotp, STEP_MS } from '../../test/fakes/second-factor.ts';
import { administrationOf } from '../administration/use-cases.ts';
import { identityChange, identityOf, START } from '../store/store.contract-fixtures.ts';
import { CHALLENGE_MS } from './passkeys.ts';

const RIGHT = 'correct horse battery';
const HOST = 'console.example.org';
const NAMED = `https://${HOST}`;
const LOGINS = ['alice@example.org', 'bob@example.org'] as const;

/** Two people, each with a passkey of his own. */
async function begin(origin = NAMED) {
  const office = openOffice();
  const desk = openDesk({ office, origin });
  const devices = new Map<string, ReturnType<typeof newAuthenticator>>();
  const apps = new Map<string, App>();
  for (const login of LOGINS) {
    const verifiers = [{ type: 'argon2id', phc: phcOf(RIGHT) }] as const;
    const password = { id: 'password', kind: 'password', label: 'password', createdAt: START } as const;
    const person = identityOf(login, { credentials: [{ ...password, verifiers }] });
    await office.ports.store.commit([identityChange(person, 0, START)]);
    const app = await setUpTotp(office.ports, login);
    const [proof = ''] = app.recoveryCodes;
    apps.set(login, app);
    const device = newAuthenticator();
    const challenge = { id: HOST, origin: NAMED, challenge: 'AAAA' };
    await administrationOf(office.ports, {
      ...{ who: login, through: 'console', role: 'user', identityId: person.id },
    }).addPasskey({
      ...{ label: 'phone', answer: device.create(challenge), challenge, proof },
    });
    devices.set(login, device);
  }
  return {
    ...{ ...desk, office },
    device: (login: string = LOGINS[0]) => devices.get(login) ?? assert.fail(),
    app: (login: string = LOGINS[0]) => apps.get(login) ?? assert.fail(),
    /** Up to the second half. */
    async halfWay(login: string = LOGINS[0]) {
      const asked = await desk.post('/sign-in', { login, password: RIGHT, next: '/' });
      const text = await asked.text();
      const cookie = cookieIn(asked);
      const token = /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '';
      const [, options = ''] = /data-passkey="([^"]+)"/.exec(text) ?? [];
      const { challenge = '' } =
        options === '' ? {} : (JSON.parse(options.replaceAll('&quot;', '"')) as { challenge: string });
      return {
        ...{ text, challenge: { id: HOST, origin: NAMED, challenge } },
        answer: (answer: string) => desk.post('/sign-in/code', { token, answer }, { cookie }),
        code: (code: string) => desk.post('/sign-in/code', { token, code }, { cookie }),
      };
    },
  };
}

test('who has a passkey comes in by it, and the session says so', async () => {
  const at = await begin();
  const half = await at.halfWay();
  assert.match(half.text, /Use a passkey/);
  const opened = await half.answer(at.device().get(half.challenge));
  assert.equal(opened.status, 303);
  const { sessions } = await at.office.listSessions({ login: LOGINS[0] });
  assert.deepEqual(
    sessions.map(({ by }) => by),
    ['password and passkey'],
  );
});

const codes = [
  { why: 'of the app', of: (app: App) => app.code(), by: 'password and code' },
  { why: 'of the sheet', of: (app: App) => app.recoveryCodes[1], by: 'password and recovery code' },
];

for (const { why, of, by } of codes)
  test(`by which code somebody came in is told, to him and to who looks who came in: ${why}`, async () => {
    const at = await begin();
    at.office.clock.advance(STEP_MS);
    const half = await at.halfWay();
    assert.equal((await half.code(of(at.app()) ?? '')).status, 303);
    const { sessions } = await at.office.listSessions({ login: LOGINS[0] });
    assert.deepEqual(
      sessions.map((session) => session.by),
      [by],
    );
    const { looks } = await at.office.listLooks({ max: 10 });
    assert.deepEqual(
      looks.filter(({ kind }) => kind === 'session').map(({ detail }) => detail?.['with']),
      [by],
    );
  });

test('an answer is for the sign-in that asked: seen, late, or of somebody else it lets nobody in', async () => {
  const at = await begin();
  const first = await at.halfWay();
  const second = await at.halfWay();
  const seen = at.device().get(first.challenge);
  assert.equal((await second.answer(seen)).status, 401, 'asked for by another sign-in');
  const again = await second.answer(at.device().get(second.challenge));
  assert.equal(again.status, 401, 'a challenge is for one answer');
  assert.match(await again.text(), /does not let you in here[^]*data-passkey/);
  assert.equal((await first.answer(at.device(LOGINS[1]).get(first.challenge))).status, 401);
  const ofBob = await at.halfWay(LOGINS[1]);
  const asAlice = await ofBob.answer(at.device().get(ofBob.challenge));
  assert.equal(asAlice.status, 401);
  assert.match(await asAlice.text(), /does not let you in here/);
  const late = await at.halfWay();
  at.office.clock.advance(CHALLENGE_MS);
  assert.equal((await late.answer(at.device().get(late.challenge))).status, 401);
  for (const login of LOGINS)
    assert.deepEqual((await at.office.listSessions({ login })).sessions, [], 'nobody is in');
});

test('a page that calls itself as the console gets nothing that counts', async () => {
  const at = await begin();
  const half = await at.halfWay();
  const lured = at.device().get(half.challenge, { origin: `https://${HOST}.evil.example` });
  assert.equal((await half.answer(lured)).status, 401);
});

test('where the console has no name a passkey is not asked for, nor taken', async () => {
  const at = await begin('http://127.0.0.1:8588');
  const half = await at.halfWay();
  assert.doesNotMatch(half.text, /passkey/);
  assert.equal((await half.answer(at.device().get(half.challenge))).status, 401);
});

test('who has lost app, passkey and codes is told who can help', async () => {
  const { text } = await (await begin()).halfWay();
  assert.match(text, /Both lost\? Ask your administrator/);
});
