// Pictures of the console for the manual, of an invented house: `POSTERN_SCREENSHOTS=1 node tools/test.ts system console-pictures` writes them into docs/images. Without that it
// is only tried that these pages show what they are to show.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { startListener } from '../../src/console/listener.ts';
import { openDesk } from '../fakes/console.ts';
import { openSample, type Sample } from '../fakes/sample.ts';
import { freePort } from '../free-port.ts';
import { openBrowser, openPage } from './browser.ts';
import { eventually, lacking } from './server.ts';

const skip = lacking('chromium');
const IMAGES = join(import.meta.dirname, '../../docs/images');
const isTaken = process.env['POSTERN_SCREENSHOTS'] !== undefined;
const desk = { width: 1440, height: 900 };
const phone = { width: 390, height: 844 };
/** What is less is no page, what is more is too much for a manual. Octets. */
const SMALLEST = 10_000;
const LARGEST = 200_000;

let browser: Browser;
let sample: Sample;

before(async () => {
  if (skip !== false) return;
  sample = await openSample();
  browser = await openBrowser();
});
after(() => browser?.close());

/** One for each picture: what one stream waits for by a clock that stands still, no other gets. */
async function openConsole() {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const { app, enter } = openDesk({ ...sample, origin });
  const [name = '', value = ''] = (await enter()).cookie.split('=');
  const { close } = await startListener({ address: '127.0.0.1', port }, app, (error) => assert.fail(error));
  return { origin, close, cookie: { name, value, url: origin } };
}

const pictures: readonly (readonly [string, (sample: Sample) => string, typeof desk, RegExp])[] = [
  ['overview', () => '/', desk, /All is well\.[^]*The last hour/],
  ['overview-phone', () => '/', phone, /All is well\.[^]*The last hour/],
  ['trace', ({ messageId }) => `/trace?q=${messageId}`, desk, /jane\.miller@example\.org[^]*carol@partner/],
  ['queue', () => '/queue', desk, /tom\.baker@example\.org[^]*anna@slow/],
  ['identity', ({ login }) => `/identity?login=${login}`, desk, /jane\.miller[^]*phone/],
];

for (const [name, path, viewport, shows] of pictures)
  test(`a picture of ${name}`, { skip }, async () => {
    const { origin, cookie, close } = await openConsole();
    const { page, complaints } = await openPage(browser, { viewport, timezoneId: 'UTC', locale: 'en-GB' });
    await page.clock.setFixedTime(sample.office.clock.now());
    await page.context().addCookies([cookie]);
    await page.goto(origin + path(sample));
    if (path(sample) === '/')
      await eventually('it is live', 20, () => {
        sample.office.clock.advance(0);
        return page.getByText('Live: changes show by themselves.').isVisible();
      });
    assert.match(await page.locator('body').innerText(), shows);
    assert.deepEqual(complaints, []);
    if (isTaken) mkdirSync(IMAGES, { recursive: true });
    const taken = await page.screenshot(isTaken ? { path: join(IMAGES, `${name}.png`) } : {});
    assert.ok(taken.length > SMALLEST, `${taken.length} octets`);
    assert.ok(!isTaken || taken.length < LARGEST, `${taken.length} octets`);
    await page.context().close();
    await close();
  });
