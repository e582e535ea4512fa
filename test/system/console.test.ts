// The console in a real browser: a newcomer's first minutes, by mouse and by keyboard, on a desk and on a phone, with a script and without one.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import {
  type FirstTry,
  firstTry,
  neededWidth,
  openBrowser,
  openPage,
  strayTexts,
  violations,
} from './browser.ts';
import { eventually, HANGING_MS, lacking } from './server.ts';

const skip = lacking('chromium', 'curl');
const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
/** Of WCAG 2.2, reflow. */
const narrow = { width: 320, height: 700 };

let browser: Browser;
let server: FirstTry;

before(async () => {
  if (skip !== false) return;
  server = await firstTry();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

function submit({ directory, submit: line }: FirstTry): void {
  const { status, stderr } = spawnSync('sh', ['-c', `${line} -sS`], {
    cwd: directory,
    encoding: 'utf8',
    timeout: HANGING_MS,
  });
  assert.equal(status, 0, stderr);
}

/** By the keyboard alone: the button has the focus. */
async function enter(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.locator('button.main:focus').waitFor();
  await page.keyboard.press('Enter');
  await page.waitForURL(/:\d+\/$/);
}

const rows = '#live-recent tr[data-row]';

for (const [name, viewport] of [
  ['a desk', desk],
  ['a phone', phone],
] as const)
  test(
    `a newcomer on ${name}: opens the printed link, sends the printed line, sees the message come, and its trace by one click`,
    { skip },
    async () => {
      const link = viewport === desk ? server.link : await server.postern('console', 'link');
      const { page, complaints, requests } = await openPage(browser, { viewport });
      await enter(page, link);
      if (viewport === desk) await page.getByText('send the first mail').waitFor();
      const known = await page.locator(rows).count();
      await page.evaluate('window.notLoadedAgain = true');
      await page.getByText('Live: changes show by themselves.').waitFor();
      submit(server);
      await eventually('the message shows', 20, async () => (await page.locator(rows).count()) > known);
      await eventually('what became of it', 20, async () =>
        /delivered/.test(await page.locator(rows).first().innerText()),
      );
      assert.equal(await page.evaluate('window.notLoadedAgain'), true);
      const id = await page.locator(rows).first().getAttribute('data-row');
      await page.locator(`${rows} a`).first().click();
      const trace = await page.locator('article').innerText();
      assert.match(
        trace,
        /Sent by alice@postern\.test[^]*bob@example\.net[^]*delivered[^]*Accepted for 1 recipient[^]*Delivered by files/,
      );
      assert.ok(trace.includes(id ?? 'none'));
      assert.deepEqual(complaints, []);
      const { origin } = new URL(link);
      assert.deepEqual(
        requests.filter((url) => !url.startsWith(`${origin}/`)),
        [],
        'nothing is loaded from elsewhere',
      );
      await page.context().close();
    },
  );

const paths = [
  ...['/', '/trace', '/trace?q=alice@postern.test', '/trace?q=nobody@far.example', '/queue'],
  ...[
    '/identity',
    '/identity?login=alice',
    '/identity?login=alice&mail=yes&as=alice@example.org',
    '/identity/new',
    '/server',
    '/settings',
    '/settings?word=relay',
    '/trail',
    '/trail/looks',
    '/domains',
    '/domains/domain?name=postern.test',
    '/nowhere',
    '/sign-in/x',
  ],
];

for (const [name, viewport, colorScheme] of [
  ['light, on a desk', desk, 'light'],
  ['dark, on a phone', phone, 'dark'],
  ['light, 320 pixels wide', narrow, 'light'],
] as const)
  test(
    `every page, ${name}: axe-core finds nothing, nothing stands beyond the edge, no complaint`,
    { skip },
    async () => {
      const { page, complaints } = await openPage(browser, { viewport, colorScheme });
      const link = await server.postern('console', 'link');
      const gates = await page.goto(link).then(() => violations(page));
      assert.deepEqual(gates, [], link);
      await enter(page, link);
      for (const path of paths) {
        await page.goto(new URL(path, link).href);
        assert.deepEqual(await violations(page), [], path);
        assert.ok((await neededWidth(page)) <= viewport.width, `${path}: ${await neededWidth(page)}`);
        assert.deepEqual(await strayTexts(page), [], `${path}: in the column of the names`);
        for (const details of await page.locator('details').all())
          await details.locator('summary').first().click();
        assert.deepEqual(await violations(page), [], `${path}, opened`);
        assert.ok((await neededWidth(page)) <= viewport.width, `${path}, opened`);
      }
      // A browser says of each page that was not found or is over that it was.
      assert.deepEqual(
        complaints.filter((text) => !/status of (404|410|409)/.test(text)),
        [],
      );
      await page.context().close();
    },
  );

test(
  'by the keyboard alone: past the menu to the content, through the pages, and what has the focus keeps it',
  { skip },
  async () => {
    const { page } = await openPage(browser, { viewport: desk });
    await enter(page, await server.postern('console', 'link'));
    await page.keyboard.press('Tab');
    assert.equal(await page.locator(':focus').innerText(), 'To the content');
    const words: string[] = [];
    for (let at = 0; at < 12; at += 1) {
      await page.keyboard.press('Tab');
      words.push(await page.locator(':focus').innerText());
      if (words.at(-1) === 'Queue') break;
    }
    assert.deepEqual(words, ['Postern', 'Sign out', 'Overview', 'Trace', 'Queue']);
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/queue$/);
    await page.goto(new URL('/', page.url()).href);
    await page.getByText('Live: changes show by themselves.').waitFor();
    const link = page.locator(`${rows} a`).first();
    await link.focus();
    const focused = await link.getAttribute('id');
    const known = await page.locator(rows).count();
    submit(server);
    await eventually('another message', 20, async () => (await page.locator(rows).count()) > known);
    assert.equal(await page.locator(':focus').getAttribute('id'), focused);
    await page.context().close();
  },
);

test('an open page says since when its figures are old, and when they are live again', { skip }, async () => {
  const { page, complaints } = await openPage(browser, { viewport: desk });
  // Its store can not be made to stand still: what the server says then is said by the test.
  await page.addInitScript(
    'window.EventSource = class extends EventTarget { constructor() { super(); window.live = this; } close() {} }',
  );
  await enter(page, await server.postern('console', 'link'));
  const word = page.locator('[data-live]');
  for (const [event, words] of [
    ['old', /^Not live since \d+:\d\d.*What stands here is from before\.$/],
    ['parts', /^Live: changes show by themselves\.$/],
  ] as const) {
    await page.evaluate(`live.dispatchEvent(new MessageEvent('${event}', { data: '' }))`);
    assert.match(await word.innerText(), words);
  }
  assert.deepEqual(complaints, []);
  await page.context().close();
});

test('without a script: the same pages, and the queue is changed by forms', { skip }, async () => {
  const config = join(server.directory, 'var/postern.yaml');
  const text = readFileSync(config, 'utf8');
  // Nobody listens there.
  writeFileSync(
    config,
    text.replace(/^relay:\n/m, "relay:\n  routes: { dead.example: { smarthost: 'smtp://127.0.0.1:9' } }\n"),
  );
  assert.match(await server.postern('reload'), /reloaded/);
  submit({
    ...server,
    submit: server.submit.replace('--mail-rcpt bob@example.net', '--mail-rcpt bob@dead.example'),
  });
  const { page } = await openPage(browser, { viewport: phone, javaScriptEnabled: false });
  const link = await server.postern('console', 'link');
  await page.goto(link);
  await page.locator('button.main').click();
  await page.goto(new URL('/queue', link).href);
  await page.locator('input[type=checkbox]').first().check();
  await page.getByRole('button', { name: 'Hold' }).click();
  assert.match(await page.locator('[role=status]').innerText(), /1 recipient held/);
  assert.match(await page.locator('table').last().innerText(), /held by the operator/);
  await page.locator('input[type=checkbox]').first().check();
  await page.getByRole('button', { name: 'Drop …' }).click();
  assert.match(await page.locator('h1').innerText(), /Drop 1 recipient\?/);
  await page.getByRole('button', { name: 'Drop 1' }).click();
  assert.match(await page.locator('main').innerText(), /1 recipient dropped[^]*The queue is empty/);
  await page.getByRole('button', { name: 'Sign out' }).click();
  assert.match(await page.locator('main').innerText(), /You are signed out/);
  await page.context().close();
});

test('a file that is dropped on the trace page, or chosen, is compared', { skip }, async () => {
  const { page } = await openPage(browser, { viewport: desk });
  const link = await server.postern('console', 'link');
  await enter(page, link);
  await page.goto(new URL('/trace', link).href);
  const delivered = spawnSync('sh', ['-c', 'cat var/outbox/*.eml | head -c 4000'], {
    cwd: server.directory,
    encoding: 'utf8',
  }).stdout;
  const [first = ''] = delivered.split(/(?=^Return-Path:)/m).filter((part) => part !== '');
  await page.evaluate(
    `(() => { const data = new DataTransfer(); data.items.add(new File([${JSON.stringify(first)}], 'complaint.eml')); document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, cancelable: true, bubbles: true })); })()`,
  );
  await page.getByText('Proven: body and header are those that were submitted.').first().waitFor();

  await page.goto(new URL('/trace', link).href);
  await page.getByText('as text or file').click();
  await page.getByLabel('Or its file').setInputFiles({
    name: 'complaint.eml',
    mimeType: 'message/rfc822',
    buffer: Buffer.from(first),
  });
  await page.getByText('Proven: body and header are those that were submitted.').first().waitFor();
  await page.context().close();
});

test('the first page is small: three requests and an icon, 40 KB at most', { skip }, async () => {
  const { page } = await openPage(browser, { viewport: desk });
  await enter(page, await server.postern('console', 'link'));
  const address = page.url();
  const cookies = await page.context().cookies();
  const fresh = await openPage(browser, { viewport: desk });
  await fresh.page.context().addCookies(cookies);
  const seen: string[] = [];
  const bodies: Promise<Buffer>[] = [];
  fresh.page.on('response', (response) => {
    const path = new URL(response.url()).pathname;
    if (path.endsWith('/live') || path.endsWith('icon.svg')) return;
    seen.push(path.split('/').at(-1) ?? '');
    bodies.push(response.body());
  });
  await fresh.page.goto(address, { waitUntil: 'load' });
  await eventually('all has come', 10, () => seen.length >= 3);
  assert.deepEqual(seen.toSorted(), ['', 'console.js', 'style.css']);
  const octets = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0);
  assert.ok(octets < 40_000, String(octets));
  await page.context().close();
  await fresh.page.context().close();
});
