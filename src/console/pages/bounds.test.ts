// What keeps pages and forms within bounds, and links whole, whatever is named or sent.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../../test/fakes/administration.ts';
import { openDesk } from '../../../test/fakes/console.ts';
import { begin, id } from '../../../test/fakes/desk-with-mail.ts';
import { messageIdSource } from '../../base/message-id.ts';
import { acceptOf, identityChange, identityOf } from '../../store/store.contract-fixtures.ts';
import { pageOf } from '../words.ts';

const ODD = 'a&b?c#d%e+h=i@example.org';

test('an address of a page says what it was given, and nothing of what is empty', () => {
  assert.equal(pageOf('/queue', { id: '', domain: undefined }), '/queue');
  const { pathname, hash, searchParams } = new URL(pageOf('/identity', { login: `"f g"${ODD}` }), 'http://x');
  assert.deepEqual([pathname, hash, [...searchParams]], ['/identity', '', [['login', `"f g"${ODD}`]]]);
});

test('each link of a page names a login of any characters whole', async () => {
  const office = openOffice();
  const { ports, clock } = office;
  await ports.store.commit([identityChange(identityOf(ODD, { id: 'odd' }), 0, clock.now())]);
  await ports.store.commit([acceptOf(id(0), clock.now(), { from: ODD, identityId: 'odd', to: [ODD] })]);
  const desk = openDesk({ office });
  const { cookie, token } = await desk.enter();
  const named = encodeURIComponent(ODD);
  let links = 0;
  for (const path of [
    `/identity?login=${named}`,
    `/trace?q=${named}`,
    `/trace?q=${id(0)}`,
    `/queue?identity=${named}`,
    `/queue/message?id=${id(0)}&reason=${named}`,
  ]) {
    const answer = await desk.get(path, { cookie });
    assert.equal(answer.status, 200, path);
    for (const [, href = ''] of (await answer.text()).matchAll(/href="(\/[^"]*)"/g)) {
      const { hash, searchParams } = new URL(href.replaceAll('&amp;', '&'), 'http://x');
      assert.equal(hash, '', href);
      for (const [name, value] of searchParams) {
        if (!['login', 'q', 'identity', 'reason'].includes(name)) continue;
        if (!value.startsWith('a&')) continue;
        assert.equal(value, ODD, href);
        links += 1;
      }
    }
  }
  assert.ok(links >= 5, `${links} links`);
  const form = new URLSearchParams({ token, login: ODD, action: 'suspend' }).toString();
  const done = await desk.post('/identity', form, { cookie });
  const to = new URL(done.headers.get('location') ?? '', 'http://x');
  assert.equal(to.searchParams.get('login'), ODD);
});

test('a traced message names a hundred recipients, and says how many more there are', async () => {
  const to = Array.from({ length: 130 }, (_, at) => `r${at}@example.net`);
  const { page } = await begin({ messages: 1, to });
  const text = await page(`/trace?q=${id(0)}`);
  assert.equal(text.match(/<span>r\d+@example\.net<\/span>/g)?.length, 100);
  assert.match(text, /and 30 more recipients: <code>postern trace 01ARZ3NDEKTSV4RRFFQ69G5FAA --json<\/code>/);
});

test('a form with more chosen messages than it takes does nothing, and says so', async () => {
  const { act, office } = await begin({ messages: 1 });
  const ids = [id(0), ...Array.from({ length: 500 }, (_, at) => `X${at}`)].map((one) => ['id', one] as const);
  const answer = await act('/queue', [['action', 'hold'], ['what', 'chosen'], ...ids]);
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /501 messages were chosen: one form takes 500/);
  const [entry] = await office.ports.lookups.queue({}, { max: 1 });
  assert.deepEqual(entry?.heldBy, []);
});

test('an act ends its request by the time that passed, not by a clock that was set', async () => {
  const office = openOffice();
  const { clock, store, lookups } = office.ports;
  let wall = clock.now();
  // Each look moves it an hour on: as if it were set again and again.
  const jumping = { ...office.clock, now: () => (wall += 3_600_000) };
  for (const at of [0, 1, 2]) await store.commit([acceptOf(id(at), clock.now(), {})]);
  const desk = openDesk({ office: { ...office, clock: jumping } });
  const { cookie, token } = await desk.enter();
  const form = new URLSearchParams({ token, action: 'hold', what: 'chosen' });
  for (const at of [0, 1, 2]) form.append('id', id(at));
  await desk.post('/queue', form.toString(), { cookie });
  const held = (await lookups.queue({ held: true }, { max: 10 })).length;
  assert.equal(held, 3);
});

test('of a content that is looked into the first 16 KiB are shown, and that it is no more', async () => {
  const at = await begin();
  const text = `Subject: x\r\n\r\n${'a'.repeat(16 * 1024)}END`;
  await at.office.ports.store.commit([acceptOf(id(0), at.office.clock.now(), { text })]);
  const inside = await at.page(`/queue/message?id=${id(0)}&content=yes&reason=ticket`);
  assert.match(inside, /the first 16\u202f384 octets/);
  const [, shown = ''] = /<pre[^>]*><code>([^]*?)<\/code>/.exec(inside) ?? [];
  // Two ends of lines lose their CR.
  assert.equal(shown.length, 16 * 1024 - 2);
});

test('the twenty accounts with most mail that waits are named, and that there are more', async () => {
  const office = openOffice();
  const { store } = office.ports;
  const now = office.clock.now();
  const ids = messageIdSource((length) => new Uint8Array(length));
  for (let at = 10; at < 31; at += 1) {
    const login = `a${at}@example.org`;
    await store.commit([identityChange(identityOf(login), 0, now)]);
    const to = Array.from({ length: at }, (_, number) => `r${number}@example.net`);
    await store.commit([acceptOf(ids.next(now), now, { from: login, identityId: `id-${login}`, to })]);
  }
  const desk = openDesk({ office });
  const { cookie } = await desk.enter();
  const text = await (await desk.get('/queue', { cookie })).text();
  const named = [...text.matchAll(/\/identity\?login=(a\d\d)%40example\.org"/g)].map(([, name]) => name);
  assert.deepEqual([named.length, named[0], named.at(-1)], [20, 'a30', 'a11']);
  assert.match(text, /And 10 recipients of accounts with less/);
});
