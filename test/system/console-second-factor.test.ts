// The second factor in a real browser: set up by keyboard, with a script and without one, used at sign-in; and a passkey by the browser's own authenticator.

import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { FRESH_MS } from '../../src/administration/fresh-proof.ts';
import { startListener } from '../../src/console/listener.ts';
import type { Identity } from '../../src/record/identity.ts';
import { identityChange, identityOf } from '../../src/store/store.contract-fixtures.ts';
import { type Desk, openDesk } from '../fakes/console.ts';
import { phcOf } from '../fakes/lookup-thread.ts';
import { codeFor, STEP_MS } from '../fakes/second-factor.ts';
import { freePort } from '../free-port.ts';
import { neededWidth, openBrowser, openPage, violations } from './browser.ts';
import { lacking } from './server.ts';

const skip = lacking('chromium');
const PASSWORD = 'correct horse battery';
const PAGE = '/me/sign-in';

let browser: Browser;
before(async () => {
  if (skip === false) browser = await openBrowser();
});
after(async () => browser?.close());

interface At {
  readonly desk: Desk;
  readonly origin: string;
  readonly login: string;
}

/** By a name: an address has no passkeys. */
async function open(t: TestContext, login: string, said: Partial<Identity> = {}): Promise<At> {
  const port = await freePort();
  const origin = `http://localhost:${port}`;
  const desk = openDesk({ origin });
  const verifiers = [{ type: 'argon2id', phc: phcOf(PASSWORD) }] as const;
  const password = { id: 'password', kind: 'password', label: 'password', createdAt: 1, verifiers } as const;
  const person = identityOf(login, { credentials: [password], ...said });
  await desk.office.ports.store.commit([identityChange(person, 0, desk.office.clock.now())]);
  const listener = await startListener({ address: '127.0.0.1', port }, desk.app, () => undefined);
  t.after(() => listener.close());
  return { desk, origin, login };
}

async function signIn(page: Page, { origin, login }: At): Promise<void> {
  await page.goto(`${origin}/sign-in`);
  await page.getByLabel('Login').fill(login);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
}

async function inOrder(page: Page, what: string, width: number): Promise<void> {
  assert.deepEqual(await violations(page), [], what);
  assert.ok((await neededWidth(page)) <= width, `${what}: ${await neededWidth(page)}`);
}

/** By the keyboard alone. Gives the secret and the recovery codes. */
async function setUp(page: Page, at: At, look: (what: string) => Promise<void>) {
  await page.goto(`${at.origin}${PAGE}`);
  await look('nothing set up');
  await page.getByRole('button', { name: 'Set up an authenticator app' }).focus();
  await page.keyboard.press('Enter');
  const field = page.getByLabel('Code of the new app');
  await field.waitFor();
  await look('the secret');
  const secret = await page.locator('input[name=secret]').inputValue();
  assert.equal(await page.locator(':focus').getAttribute('name'), 'code');
  await page.keyboard.type(codeFor(secret, at.desk.office.clock.now()));
  // Who came by a link has that as his proof.
  if (await page.getByLabel('Your password').isVisible()) {
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
  }
  await page.keyboard.press('Enter');
  await page.locator('pre.codes').waitFor();
  await look('recovery codes');
  const codes = (await page.locator('pre.codes').innerText()).trim().split('\n');
  assert.equal(codes.length, 10);
  return { secret, codes };
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
}

async function withAuthenticator(page: Page): Promise<void> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  });
}

async function addPasskey(page: Page, origin: string, code = ''): Promise<void> {
  await page.goto(`${origin}${PAGE}`);
  const form = page.locator('form[data-passkey]');
  await form.getByLabel('What keeps it').fill('this computer');
  await form.getByLabel('recovery code').fill(code);
  await page.keyboard.press('Enter');
  await page.getByText('The passkey this computer counts from now on.').waitFor();
}

test(
  'with a script: an app is set up, a passkey is added beside it, and lets its owner in',
  { skip },
  async (t) => {
    const at = await open(t, 'alice@example.org');
    const viewport = { width: 1440, height: 900 };
    const { page, complaints } = await openPage(browser, { viewport });
    await withAuthenticator(page);
    await signIn(page, at);
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    const { codes } = await setUp(page, at, (what) => inOrder(page, what, viewport.width));
    assert.ok(await page.getByRole('button', { name: 'Print' }).isVisible());
    await page.goto(`${at.origin}${PAGE}`);
    await inOrder(page, 'an app is set up', viewport.width);
    await addPasskey(page, at.origin, codes[0]);
    await inOrder(page, 'a passkey beside it', viewport.width);
    await signOut(page);

    await signIn(page, at);
    await page.getByRole('button', { name: 'Use a passkey' }).waitFor();
    await inOrder(page, 'code or passkey', viewport.width);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    const { sessions } = await at.desk.office.listSessions({ login: at.login });
    assert.deepEqual(
      sessions.map(({ by }) => by),
      ['password and passkey'],
    );
    assert.deepEqual(complaints, []);
    assert.deepEqual(at.desk.faults, []);
    await page.context().close();
  },
);

test(
  'without a script, 320 pixels wide: an app is set up, its code asked for, and no passkey offered',
  { skip },
  async (t) => {
    const at = await open(t, 'bob@example.org');
    const viewport = { width: 320, height: 700 };
    const { page } = await openPage(browser, { viewport, javaScriptEnabled: false });
    const narrow = async (what: string): Promise<void> => {
      const needed = await neededWidth(page);
      assert.ok(needed <= viewport.width, `${what}: ${needed}`);
    };
    await signIn(page, at);
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    const { secret, codes } = await setUp(page, at, narrow);
    await signOut(page);
    await signIn(page, at);
    const code = page.getByLabel('Code');
    await code.fill(codeFor(secret, at.desk.office.clock.now()));
    await page.keyboard.press('Enter');
    await page.getByText('wrong, or was used already').waitFor();
    at.desk.office.clock.advance(STEP_MS);
    await code.fill(codeFor(secret, at.desk.office.clock.now()));
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.goto(`${at.origin}${PAGE}`);
    await narrow('an app is set up');
    assert.equal(await page.locator('form[data-passkey]').isVisible(), false);
    await page
      .locator('form.row input[name=proof]')
      .first()
      .fill(codes[0] ?? '');
    await page.getByRole('button', { name: 'Remove the second factor' }).click();
    await page.getByText('The console asks for your password alone.').first().waitFor();
    await page.context().close();
  },
);

for (const withScript of [true, false])
  test(
    `a fresh proof is asked for in between, and given by a ${withScript ? 'passkey' : 'code, without a script, 320 pixels wide'}`,
    { skip },
    async (t) => {
      const at = await open(t, 'carol@example.org', { role: 'admin' });
      const { ports, clock } = at.desk.office;
      const bob = identityOf('bob@example.org');
      await ports.store.commit([identityChange(bob, 0, clock.now())]);
      const viewport = withScript ? { width: 1440, height: 900 } : { width: 320, height: 700 };
      const { page } = await openPage(browser, { viewport, javaScriptEnabled: withScript });
      if (withScript) await withAuthenticator(page);
      await page.goto(await at.desk.link('root', at.login));
      await page.getByRole('button', { name: 'Open the console' }).click();
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      const { secret, codes } = await setUp(page, at, async () => undefined);
      if (withScript) await addPasskey(page, at.origin, codes[0]);
      await page.goto(`${at.origin}/identity?login=${bob.login}`);
      clock.advance(FRESH_MS);
      await page.getByRole('button', { name: 'Suspend', exact: true }).click();
      await page.getByRole('heading', { name: 'Show that it is you' }).waitFor();
      assert.ok((await neededWidth(page)) <= viewport.width);
      if (withScript) {
        assert.deepEqual(await violations(page), []);
        await page.getByRole('button', { name: 'Use a passkey' }).click();
      } else {
        assert.equal(await page.locator(':focus').getAttribute('name'), 'fresh-code');
        await page.keyboard.type(codeFor(secret, clock.now()));
        await page.keyboard.press('Enter');
      }
      await page.getByText(`${bob.login} is suspended`).waitFor();
      const { account } = await at.desk.office.showAccount({ login: bob.login });
      assert.equal(account.state, 'suspended');
      assert.deepEqual(at.desk.faults, []);
      await page.context().close();
    },
  );
