// The page on which a person sets up his second factor: what it shows when, and what its forms do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../../test/fakes/administration.ts';
import { patiently } from '../../../test/fakes/clock.ts';
import { openDesk } from '../../../test/fakes/console.ts';
import { codeFor, STEP_MS } from '../../../test/fakes/second-factor.ts';
import { useSecondFactor } from '../../administration/second-factor.ts';
import type { Role } from '../../record/identity.ts';

const login = 'alice@example.org';
const PATH = '/me/sign-in';

async function begin(role: Role = 'user') {
  const office = openOffice();
  const { id } = await office.addAccount({ login, mailbox: true, allowReserved: true });
  const desk = openDesk({ office });
  const { cookie, token } = await desk.enterAs({
    ...{ who: login, role, identityId: id },
    ...(role === 'domainAdmin' ? { domains: ['example.org'] } : {}),
  });
  const act = (form: Readonly<Record<string, string>>) =>
    patiently(office.clock, desk.post(PATH, { token, ...form }, { cookie }));
  return {
    ...{ office, desk, id, act },
    page: async () => (await desk.get(PATH, { cookie })).text(),
    text: async (form: Readonly<Record<string, string>>) => (await act(form)).text(),
    next: () => office.clock.advance(STEP_MS),
    code: (secret: string) => codeFor(secret, office.clock.now()),
  };
}

const secretIn = (text: string): string =>
  /name="secret" value="([A-Z2-7]{32})"/.exec(text)?.[1] ?? assert.fail();
const codesIn = (text: string): readonly string[] => text.match(/\b[0-9A-Z]{4}(-[0-9A-Z]{4}){3}\b/g) ?? [];

for (const role of ['user', 'domainAdmin', 'desk', 'auditor', 'admin'] as const)
  test(`a ${role} sets up an authenticator app, is shown his recovery codes once, and no secret again`, async () => {
    const at = await begin(role);
    assert.match(
      await at.page(),
      role === 'user'
        ? /not set up[^]*asks for your password alone[^]*Set up an authenticator app/
        : /not set up[^]*your password does not let you in again[^]*Set up an authenticator app/,
    );
    const begun = await at.act({ action: 'begin' });
    assert.equal(begun.headers.get('cache-control'), 'no-store');
    const shown = await begun.text();
    const secret = secretIn(shown);
    assert.match(shown, /<svg class="qr"[^>]*aria-label="[^"]+"[^]*<path d="M\d+ \d+h1v1h-1z/);
    assert.ok(shown.includes((secret.match(/.{4}/g) ?? []).join(' ')), 'in groups to be typed');

    const wrong = await at.text({ action: 'confirm', secret, code: '000000' });
    assert.match(wrong, /role="alert">the code of the new app is not right/);
    assert.equal(secretIn(wrong), secret, 'the same one: it stands in the app already');
    assert.match(await at.page(), /not set up/);

    const done = await at.text({ action: 'confirm', secret, code: at.code(secret) });
    assert.match(done, /counts from now on[^]*never again[^]*data-print/);
    const codes = codesIn(done);
    assert.equal(codes.length, 10);
    const after = await at.page();
    assert.match(after, /set up[^]*10 codes left/);
    for (const kept of [secret, Buffer.from(secret).toString('hex'), ...codes])
      assert.ok(!after.includes(kept) && !JSON.stringify(at.desk.faults).includes(kept));
  });

test('new recovery codes, another app, and removal each take a fresh code', async () => {
  const at = await begin();
  const secret = secretIn(await at.text({ action: 'begin' }));
  const [first = '', second = ''] = codesIn(
    await at.text({ action: 'confirm', secret, code: at.code(secret) }),
  );
  for (const action of ['codes', 'remove'])
    for (const proof of ['', '000000', at.code(secret)]) {
      const refused = await at.act({ action, proof });
      assert.equal(refused.status, 409);
      assert.match(await refused.text(), /is not right, or was used already/);
    }
  at.next();
  const other = secretIn(await at.text({ action: 'begin' }));
  const form = { action: 'confirm', secret: other, code: at.code(other) };
  assert.match(await at.text(form), /role="alert">the code of your present second factor[^]*name="proof"/);
  const replaced = await at.act({ ...form, proof: first });
  assert.equal(replaced.headers.get('location'), PATH);
  assert.match(await at.page(), /The new authenticator app counts[^]*9 codes left/);

  const fresh = codesIn(await at.text({ action: 'codes', proof: second }));
  assert.equal(fresh.length, 10);
  at.next();
  const removed = await at.act({ action: 'remove', proof: at.code(other) });
  assert.equal(removed.status, 303);
  assert.match(await at.page(), /The second factor is removed[^]*not set up/);
});

test('few recovery codes are told in words', async () => {
  const at = await begin();
  const secret = secretIn(await at.text({ action: 'begin' }));
  const codes = codesIn(await at.text({ action: 'confirm', secret, code: at.code(secret) }));
  for (const code of codes.slice(0, 7))
    assert.equal(await useSecondFactor(at.office.ports, at.id, code), 'recovery code');
  assert.match(await at.page(), /state wait">3 codes left: make new ones/);
});

test('who came by a link for nobody is told why there is nothing to set up', async () => {
  const { desk } = await begin();
  const { cookie, token } = await desk.enter();
  const shown = await desk.get(PATH, { cookie });
  assert.equal(shown.status, 409);
  assert.match(await shown.text(), /an account of his own/);
  for (const action of ['begin', 'remove', 'codes', 'confirm'])
    assert.ok((await desk.post(PATH, { token, action }, { cookie })).status >= 400, action);
});

test('a form of another session, of nobody, or that asks for nothing changes nothing', async () => {
  const at = await begin();
  for (const token of ['', 'x']) assert.equal((await at.act({ token, action: 'begin' })).status, 403);
  assert.equal((await at.desk.post(PATH, { action: 'begin' })).status, 401);
  for (const action of ['', 'toString', 'burn']) assert.equal((await at.act({ action })).status, 400);
  const secret = '"><script>alert(1)</script>';
  const answer = await at.act({ action: 'confirm', secret, code: '000000' });
  assert.equal(answer.status, 400);
  assert.doesNotMatch(await answer.text(), /<script>/);
});
