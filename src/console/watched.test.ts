// What needs somebody in time: certificates, the age of the queue, and of which time the counts are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin } from '../../test/fakes/desk-with-mail.ts';
import { Flow } from '../server/flow.ts';
import { START } from '../store/store.contract-fixtures.ts';

const DAY_MS = 86_400_000;

test('the overview tells how long each certificate has left, and how old the queue is', async () => {
  const at = await begin({
    condition: {
      certificates: [
        { names: 'a.example.org', endsAt: START + 60.5 * DAY_MS, isLate: false },
        { names: 'b.example.org', endsAt: START + 1.5 * DAY_MS, isLate: true },
        { names: 'c.example.org', endsAt: START - 1, isLate: true },
      ],
    },
    messages: 1,
  });
  for (const path of ['/', '/server']) {
    const text = await at.page(path);
    assert.match(text, /a\.example\.org[^]*state good">60 days left/);
    assert.match(text, /b\.example\.org[^]*state wait">1 day left/);
    assert.match(text, /c\.example\.org[^]*state fail">expired/);
  }
  assert.match(await at.page('/'), /Oldest message in the queue[^]*state good">fresh/);
  at.office.clock.advance(3_600_001);
  const { cookie } = await at.enter();
  const later = await (await at.get('/', { cookie })).text();
  assert.match(later, /Oldest message in the queue[^]*state wait">late/);
});

test('a queue that is empty has no age', async () => {
  const { page } = await begin();
  assert.match(await page('/'), /state good">none waits/);
});

for (const [hours, when] of [
  [0.5, 'since the start'],
  [1, 'in the last hour'],
] as const)
  test(`a server that runs for ${hours} hours tells its messages ${when}`, async () => {
    const flow = new Flow(START - hours * 3_600_000).view(START);
    const at = await begin({ condition: { flow } });
    assert.match(await at.page('/'), new RegExp(`No messages ${when};`));
  });
