// The pages about oneself in a real browser, over a store in memory: with a script and without, by keyboard, narrow and dark.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { ORIGIN } from '../fakes/console.ts';
import { OF_ALICE, openOwnDesk, type OwnDesk } from '../fakes/own-desk.ts';
import { neededWidth, openBrowser, openPage, violations } from './browser.ts';
import { lacking } from './server.ts';

const skip = lacking('chromium');

let browser: Browser;

before(async () => {
  if (skip === false) browser = await openBrowser();
});
after(() => browser?.close());

/** A window whose requests the desk answers, without a network. */
async function windowOn(desk: OwnDesk, options: BrowserContextOptions) {
  const opened = await openPage(browser, options);
  await opened.page.route('**', async (route) => {
    const request = route.request();
    const { pathname, search } = new URL(request.url());
    const form = Object.fromEntries(new URLSearchParams(request.postData() ?? ''));
    const sent = request.method() === 'POST' ? await desk.act(pathname, form) : undefined;
    // The browser would go on over the network.
    const to = sent?.status === 303 ? sent.headers.get('location') : `${pathname}${search}`;
    const answer = sent === undefined || sent.status === 303 ? await desk.get(to ?? '/') : sent;
    await route.fulfill({
      status: answer.status,
      headers: Object.fromEntries(answer.headers),
      body: Buffer.from(await answer.arrayBuffer()),
    });
  });
  return opened;
}

const longName = 'a-very-long-mailbox-name-without-any-place-to-break-it-at-all';

async function begin(role: 'user' | 'admin' = 'user'): Promise<OwnDesk> {
  const desk = await openOwnDesk({
    role,
    to: ['bob@example.net', `${longName}@example.net`],
    extra: ['onboarding: { imap: { host: imap.example.org } }'],
  });
  const reply = `550 5.1.1 <bob@example.net>: ${longName}${longName}: User unknown in virtual mailbox table`;
  await desk.fate('failed', {
    remote: 'smtp mx.example.net:25 [192.0.2.7]',
    status: '5.1.1',
    diagnostic: reply,
  });
  await desk.act('/me/devices', { action: 'add', label: 'phone', days: '90' });
  const { account } = await desk.office.showAccount({ login: 'alice@example.org' });
  await desk.act('/me/devices', { action: 'revoke', credential: account.credentials[0]?.id ?? '' });
  return desk;
}

const paths = ['/me', '/me?to=nobody', `/me/message?id=${OF_ALICE}`, `/me/message?id=x`].concat([
  '/me/devices',
  '/me/limits',
  '/me/setup',
  '/me/stop',
  '/me/sign-in',
]);

for (const [name, width, colorScheme, role] of [
  ['on a desk, light', 1440, 'light', 'user'],
  ['on a phone, dark', 390, 'dark', 'user'],
  ['320 pixels wide, an admin', 320, 'light', 'admin'],
] as const)
  test(
    `pages about oneself, ${name}: axe-core finds nothing, nothing stands beyond the edge`,
    { skip },
    async () => {
      const { page, complaints } = await windowOn(await begin(role), {
        viewport: { width, height: 800 },
        colorScheme,
      });
      for (const path of paths) {
        await page.goto(`${ORIGIN}${path}`);
        for (const details of await page.locator('details').all())
          await details.locator('summary').first().click();
        assert.deepEqual(await violations(page), [], path);
        assert.ok((await neededWidth(page)) <= width, `${path}: ${await neededWidth(page)}`);
      }
      assert.deepEqual(
        complaints.filter((text) => !/status of (404|409)/.test(text)),
        [],
      );
      await page.context().close();
    },
  );

test(
  'without a script: a password for a device is made and revoked, and the account is stopped',
  { skip },
  async () => {
    const desk = await begin();
    const { page } = await windowOn(desk, {
      viewport: { width: 390, height: 844 },
      javaScriptEnabled: false,
    });
    await page.goto(`${ORIGIN}/me/devices`);
    await page.getByLabel('For which device or program').fill('tablet');
    await page.getByLabel('It counts for').selectOption('a year');
    await page.getByRole('button', { name: 'Make it' }).click();
    assert.match(await page.locator('h1').innerText(), /app password for tablet/);
    assert.match(await page.locator('pre').innerText(), /^\S{20,}$/);
    await page.getByRole('link', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Revoke tablet' }).click();
    assert.match(await page.locator('[role=status]').innerText(), /tablet is revoked/);
    await page.getByRole('link', { name: 'Stop my account …' }).click();
    await page.getByRole('button', { name: 'Stop my account now' }).click();
    assert.match(await page.locator('main').innerText(), /Your account is stopped/);
    await page.context().close();
  },
);

test('without a script, 320 pixels wide: what was just sent is taken back', { skip }, async () => {
  const desk = await openOwnDesk({ undoSeconds: 20, to: [`${longName}@example.net`, 'bob@example.net'] });
  const options = { viewport: { width: 320, height: 800 }, colorScheme: 'dark' } as const;
  const { page } = await windowOn(desk, { ...options, javaScriptEnabled: false });
  await page.goto(`${ORIGIN}/me`);
  assert.match(await page.locator('main').innerText(), /Waits so that you can take it back/);
  assert.ok((await neededWidth(page)) <= 320);
  await page.getByLabel('Undo window').selectOption('30 seconds');
  await page.getByRole('button', { name: 'Set' }).click();
  assert.match(await page.locator('[role=status]').innerText(), /waits 30 seconds from now on/);
  await page.getByRole('button', { name: 'Undo' }).click();
  assert.match(await page.locator('[role=status]').innerText(), /Taken back: it goes to none of its 2/);
  assert.match(await page.locator('main').innerText(), /Taken back by you before it left/);
  await page.context().close();
});

test('with a script the seconds are counted down, and then the button is off', { skip }, async () => {
  const desk = await openOwnDesk({ undoSeconds: 20 });
  const { page, complaints } = await windowOn(desk, { viewport: { width: 390, height: 844 } });
  await page.goto(`${ORIGIN}/me`);
  assert.deepEqual(await violations(page), []);
  await page.clock.install();
  await page.goto(`${ORIGIN}/me`);
  const form = page.locator('form[data-countdown]');
  const button = page.getByRole('button', { name: 'Undo' });
  for (const [ms, words, isOff] of [
    [5000, '15 seconds left', false],
    [14_000, '1 second left', false],
    [2000, '0 seconds left', true],
  ] as const) {
    await page.clock.runFor(ms);
    assert.match(await form.innerText(), new RegExp(`${words}$`));
    assert.equal(await button.isDisabled(), isOff);
  }
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('by the keyboard alone: from the menu to what became of a mail', { skip }, async () => {
  const { page } = await windowOn(await begin(), { viewport: { width: 1440, height: 900 } });
  await page.goto(`${ORIGIN}/me`);
  const words: string[] = [];
  for (let at = 0; at < 20; at += 1) {
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    words.push(await focused.innerText());
    if ((await focused.getAttribute('href'))?.startsWith('/me/message') === true) break;
  }
  const menu = ['My mail', 'My devices', 'My limits', 'Set up a device'];
  assert.deepEqual(words.slice(words.indexOf('My mail'), words.indexOf('My mail') + 4), menu);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'What happened' }).waitFor();
  assert.match(await page.locator('main').innerText(), /Refused: this address does not exist/);
  await page.context().close();
});
