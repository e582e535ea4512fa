// The queue by account, by age and by next hop: what is shown to whom, where it leads, and what is done to all of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../../test/fakes/administration.ts';
import { openDesk } from '../../../test/fakes/console.ts';
import { HOUR, MINUTE } from '../../base/duration.ts';
import { messageIdSource } from '../../base/message-id.ts';
import type { Role } from '../../record/identity.ts';
import { acceptOf, identityChange, identityOf } from '../../store/store.contract-fixtures.ts';

const ALICE = 'alice@example.org';
const MALLORY = 'mallory@other.example';

async function begin(role: Role = 'admin') {
  const office = openOffice({
    domains: ['example.org', 'other.example'],
    nextHops: () => [
      { name: 'files', domains: ['far.example'], takes: 'others' },
      { name: 'lmtp far:24', domains: ['far.example'], takes: 'these' },
    ],
  });
  const ids = messageIdSource((length) => new Uint8Array(length));
  const now = office.clock.now();
  for (const login of [ALICE, MALLORY])
    await office.ports.store.commit([identityChange(identityOf(login), 0, now)]);
  for (const [ago, from, to] of [
    [5 * HOUR, ALICE, ['a@far.example', 'b@near.example']],
    [20 * MINUTE, MALLORY, ['a@far.example']],
    [MINUTE, '', ['c@near.example']],
  ] as const) {
    const whose = from === '' ? {} : { identityId: `id-${from}` };
    await office.ports.store.commit([acceptOf(ids.next(now - ago), now - ago, { from, to, ...whose })]);
  }
  const desk = openDesk({ office });
  const domains = role === 'domainAdmin' ? { domains: ['example.org'] } : {};
  const { cookie, token } = await desk.enterAs({ who: 'somebody', role, ...domains });
  return {
    office,
    page: async (path: string) => (await desk.get(path, { cookie })).text(),
    act: (form: Readonly<Record<string, string>>) => desk.post('/queue', { token, ...form }, { cookie }),
    left: () => office.ports.lookups.queueCount({}),
  };
}

test('the queue tells whose mail waits and for how long, and leads to each part', async () => {
  const { page } = await begin();
  const text = await page('/queue');
  assert.match(text, /href="\/identity\?login=alice%40example\.org">alice@example\.org</);
  assert.match(
    text,
    /href="\/queue\?identity=alice%40example\.org"\s+aria-label="2 of alice@example\.org"\s*>2</,
  );
  assert.match(text, /And 1 recipient of accounts with less, of our own reports/);
  assert.match(text, /href="\/queue\?youngerThan=10m"\s+aria-label="1, less than 10 minutes"\s*>1</);
  assert.match(text, /href="\/queue\?olderThan=10m&amp;youngerThan=1h"[^>]*>1</);
  assert.match(
    text,
    /href="\/queue\?olderThan=4h&amp;youngerThan=1d"\s+aria-label="2, 4 hours to 1 day"\s*>2</,
  );
  assert.match(text, /1 day or longer[^]{0,200}>none</);
  assert.match(text, /href="\/queue\?nextHop=lmtp\+far%3A24">lmtp far:24</);
});

for (const [why, path, shows, not] of [
  ['an age', '/queue?olderThan=4h&youngerThan=1d', /2 recipients/, /mallory/],
  [
    'a next hop',
    '/queue?nextHop=lmtp+far%3A24',
    /b?y the next hop lmtp far:24[^]*2 recipients/,
    /near\.example/,
  ],
  [
    'an account',
    `/queue?identity=${ALICE}`,
    /By age[^]*identity=alice%40example\.org&amp;olderThan=4h/,
    /mallory/,
  ],
] as const)
  test(`a part of the queue by ${why} is listed alone`, async () => {
    const text = await (await begin()).page(path);
    assert.match(text, shows);
    assert.doesNotMatch(text, not);
  });

for (const [why, path, told] of [
  [
    'an age that is none',
    '/queue?olderThan=4',
    /olderThan is how long it has waited: a number with its unit/,
  ],
  ['a next hop that there is not', '/queue?nextHop=mta', /has no next hop &quot;mta&quot;; it has/],
] as const)
  test(`${why} is refused, with the way out`, async () => {
    assert.match(await (await begin()).page(path), told);
  });

test('what is done by next hop asks first, with the count, and then means all that goes there and nothing else', async () => {
  for (const [action, title] of [
    ['retry', 'Try now 2 recipients'],
    ['hold', 'Hold 2 recipients'],
    ['drop', 'Drop 2 recipients'],
    ['bounce', 'Return to sender 2 recipients'],
  ] as const) {
    const { act, page, left } = await begin();
    const form = { action, what: 'part', 'part-nextHop': 'lmtp far:24' };
    const question = await (await act(form)).text();
    assert.ok(question.includes(title), question);
    assert.match(question, /It means by the next hop lmtp far:24\./);
    assert.equal(await left(), 4);
    await act({ ...form, sure: 'yes' });
    assert.match(
      await page('/queue?nextHop=lmtp+far%3A24'),
      /2 recipients (tried now|held|dropped|given up)/,
    );
    assert.match(await page('/queue'), /near\.example/);
  }
});

test('a domain admin sees the accounts of his domains, and acts on no more by next hop or age', async () => {
  const { page, act, left } = await begin('domainAdmin');
  const text = await page('/queue');
  assert.match(text, /href="\/queue\?identity=alice%40example\.org"/);
  assert.doesNotMatch(text, /mallory|By age|Next hop<|Waiting, the oldest first/);
  assert.doesNotMatch(text, /By the next hop/);
  for (const [part, status] of [
    [{ 'part-nextHop': 'lmtp far:24' }, 403],
    [{ 'part-nextHop': 'lmtp gone:24' }, 403],
    [{ 'part-nextHop': 'lmtp far:24', 'part-identity': MALLORY }, 404],
    [{ 'part-olderThan': '10m' }, 400],
    [{ 'part-olderThan': '10m', 'part-identity': MALLORY }, 404],
  ] as const) {
    const answer = await act({ action: 'drop', what: 'part', sure: 'yes', ...part });
    assert.equal(answer.status, status, JSON.stringify(part));
  }
  assert.equal(await left(), 4);
});

test('a domain admin who names no account is told to name one, with the form before him', async () => {
  const { page } = await begin('domainAdmin');
  const text = await page('/queue?domain=far.example');
  assert.match(
    text,
    /id="queue-filter"\s+open[^]*value="far\.example"[^]*Name an account or a message above/,
  );
  assert.doesNotMatch(text, /That did not work|Waiting: /);
  assert.match(
    await page(`/queue?domain=far.example&identity=${ALICE}`),
    /Waiting: [^<]*to the domain far\.example/,
  );
});
