// How much waits for which next hop, above the list of the queue, and what a page holds of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin } from '../../../test/fakes/desk-with-mail.ts';

test('the queue tells how much waits for which next hop, which of them is down, and leads to each domain', async () => {
  const { page } = await begin({
    messages: 2,
    to: ['bob@example.net', 'carol@far.example', 'dan@far.example'],
    condition: { downHops: [{ route: 'files', diagnostic: 'no space', since: 0 }] },
  });
  const text = await page('/queue');
  assert.match(text, /By next hop[^]*files[^]*down[^]*>6</);
  assert.match(text, /href="\/queue\?domain=far\.example">far\.example<\/a> 4/);
  assert.match(text, /href="\/queue\?domain=example\.net">example\.net<\/a> 2/);
  assert.doesNotMatch(await page('/queue?domain=far.example'), /By next hop/);
});

test('hops and domains beyond what a page holds are counted', async () => {
  const to = Array.from({ length: 60 }, (_, at) => `u@d${at}.example`);
  const { page } = await begin({ messages: 1, to });
  const text = await page('/queue');
  assert.match(text, /and 42 more/);
  assert.match(text, /And 10 recipients in domains with less: the 50 largest/);
});
