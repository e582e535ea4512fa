// Who comes into the console, and who does not: one-time links, sessions, and what other sites, names and pages may try.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDesk, ORIGIN } from '../../test/fakes/console.ts';
import { openOffice } from '../../test/fakes/administration.ts';
import { IDLE_MS } from '../administration/console-sessions.ts';
import { LINK_MS } from './entrance.ts';

const secretOf = (link: string): string => new URL(link).pathname.split('/').at(-1) ?? '';

test('a link lets its maker in once, and the trail tells who, when, and who left', async () => {
  const { office, link, get, post } = openDesk();
  const address = await link('alice');
  assert.match(address, /^http:\/\/127\.0\.0\.1:8588\/sign-in\/[\w-]{43}$/);
  const looked = await get(new URL(address).pathname);
  assert.equal(looked.status, 200);
  assert.match(await looked.text(), /made for <strong>alice<\/strong>/);
  assert.equal(
    looked.headers.get('set-cookie'),
    null,
    'whoever fetches it to show what it is, is not let in',
  );

  const opened = await post('/sign-in', { secret: secretOf(address) });
  assert.deepEqual([opened.status, opened.headers.get('location')], [303, '/']);
  const set = opened.headers.get('set-cookie') ?? '';
  assert.match(set, /^postern-8588=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  const [cookie = ''] = set.split(';');
  const page = await get('/', { cookie });
  assert.equal(page.status, 200);
  const text = await page.text();
  assert.match(text, />alice</);

  const token = /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '';
  const left = await post('/sign-out', { token }, { cookie });
  assert.match(left.headers.get('set-cookie') ?? '', /^postern-8588=; Max-Age=0/);
  assert.equal((await get('/', { cookie })).status, 401);
  const told = (await office.trail()).map(({ type, payload }) => ({ type, ...payload }));
  assert.deepEqual(
    told.map((event) => [event.type, 'by' in event && event.by, 'action' in event && event.action]),
    [
      ['consoleSession', 'alice (command line)', 'console link'],
      ['consoleSession', 'alice (console)', 'console sign-in'],
      ['consoleSession', 'alice (console)', 'console sign-out'],
    ],
  );
  const [, came, went] = told.map((event) => ('detail' in event ? event.detail['session'] : undefined));
  assert.match(String(came), /^[\w-]{8}$/);
  assert.equal(came, went);
});

test('a link that was used, is old or never was opens nothing, and says how to get another', async () => {
  const { office, link, get, post } = openDesk();
  const used = secretOf(await link());
  await post('/sign-in', { secret: used });
  assert.equal((await post('/sign-in', { secret: used })).status, 410, 'used');
  const old = secretOf(await link());
  office.clock.advance(LINK_MS);
  for (const secret of [used, old, 'A'.repeat(43), '', '../x']) {
    const opened = await post('/sign-in', { secret });
    assert.deepEqual([opened.status, opened.headers.get('set-cookie')], [410, null], secret);
    assert.match(await opened.text(), /postern console link/);
    if (secret.length > 5) assert.equal((await get(`/sign-in/${secret}`)).status, 410);
  }
});

test('of more links than may be kept the oldest gives way', async () => {
  const { link, get } = openDesk();
  const secrets: string[] = [];
  for (let at = 0; at < 21; at += 1) secrets.push(secretOf(await link()));
  const opens = await Promise.all(secrets.map(async (secret) => (await get(`/sign-in/${secret}`)).status));
  assert.deepEqual(opens, [410, ...Array.from({ length: 20 }, () => 200)]);
});

test('a session can not be fixed: whatever cookie a browser brings, it gets another one', async () => {
  const { link, get, post } = openDesk();
  const planted = `postern-8588=${'B'.repeat(43)}`;
  const opened = await post('/sign-in', { secret: secretOf(await link()) }, { cookie: planted });
  const [cookie = ''] = (opened.headers.get('set-cookie') ?? '').split(';');
  assert.notEqual(cookie, planted);
  assert.equal((await get('/', { cookie: planted })).status, 401);
  // Two of a name may be one that was planted and ours: neither counts.
  assert.equal((await get('/', { cookie: `${planted}; ${cookie}` })).status, 401);
  assert.equal((await get('/', { cookie: `other=1; ${cookie}; x=y=z` })).status, 200);
});

test('nobody is let in if the trail can not tell of it', async () => {
  const failing = openOffice();
  const office = {
    ...failing,
    ports: {
      ...failing.ports,
      store: { commit: async () => [{ type: 'failed', cause: 'disk full' }] } as never,
    },
  };
  const { link } = openDesk({ office });
  await assert.rejects(link(), /could not be recorded/);
  // The link was recorded, the sign-in is not.
  let fails = false;
  const { commit } = failing.ports.store;
  const half = {
    ...failing,
    ports: {
      ...failing.ports,
      store: {
        commit: ((changes) =>
          fails
            ? Promise.resolve([{ type: 'failed', cause: 'disk full' }])
            : commit(changes)) as typeof commit,
      },
    },
  };
  const desk = openDesk({ office: half });
  const secret = secretOf(await desk.link());
  fails = true;
  const opened = await desk.post('/sign-in', { secret });
  assert.deepEqual([opened.status, opened.headers.get('set-cookie')], [503, null]);
  assert.match(await opened.text(), /disk full/);
});

test('who comes for the first time is told of no session that has ended', async () => {
  const { get } = openDesk();
  const page = await get('/');
  assert.equal(page.status, 401);
  const text = await page.text();
  assert.match(text, /Sign in\./);
  assert.doesNotMatch(text, /has ended/);
});

test('a session that is not used ends, and what is asked then says so', async () => {
  const { office, enter, get, post } = openDesk();
  const { cookie, token } = await enter();
  office.clock.advance(IDLE_MS);
  const page = await get('/', { cookie });
  assert.equal(page.status, 401);
  assert.match(await page.text(), /session has ended/);
  assert.equal((await post('/sign-out', { token }, { cookie })).status, 401);
});

const foreignHosts = [
  ...['evil.example', 'evil.example:8588', '127.0.0.1.evil.example:8588', 'localhost.evil.example'],
  ...['192.0.2.1:8588', '10.0.0.1', '', '127.0.0.1:8588.evil.example', '[::2]:8588', '0.0.0.0:8588'],
];

test('a name that somebody lets point here leads nobody in', async () => {
  const { get, enter } = openDesk();
  const { cookie } = await enter();
  for (const host of foreignHosts) {
    const answer = await get('/', { host, cookie });
    assert.equal(answer.status, 421, host);
    assert.doesNotMatch(await answer.text(), /root/, host);
  }
  for (const host of ['127.0.0.1:8588', 'localhost:8588', 'LOCALHOST:9000', '[::1]:8588', '127.0.0.1'])
    assert.equal((await get('/', { host, cookie })).status, 200, host);
});

const otherSites: readonly (readonly [why: string, headers: Readonly<Record<string, string | undefined>>])[] =
  [
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['another site that says no origin', { 'sec-fetch-site': 'cross-site', origin: undefined }],
    ['another port of this machine', { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:3000' }],
    ['an old browser, from elsewhere', { 'sec-fetch-site': undefined, origin: 'https://evil.example' }],
    ['a page without an origin', { 'sec-fetch-site': undefined, origin: 'null' }],
    ['nobody says from where', { 'sec-fetch-site': undefined, origin: undefined }],
    ['an address that was typed', { 'sec-fetch-site': 'none', origin: undefined }],
    ['one that looks like ours', { 'sec-fetch-site': undefined, origin: `${ORIGIN}.evil.example` }],
  ];

test('what another site sends is refused, before anything is done', async () => {
  const { office, enter, post, get, link } = openDesk();
  const { cookie, token } = await enter();
  const secret = secretOf(await link());
  const before = (await office.trail()).length;
  for (const [why, headers] of otherSites) {
    assert.equal((await post('/sign-out', { token }, { cookie, ...headers })).status, 403, why);
    assert.equal((await post('/sign-in', { secret }, headers)).status, 403, why);
  }
  for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/json', undefined])
    assert.equal((await post('/sign-out', { token }, { cookie, 'content-type': type })).status, 415, type);
  assert.equal((await get('/', { cookie })).status, 200, 'the session lives');
  assert.equal((await office.trail()).length, before);
});

test('no look is planted by another site, and no stream opened: only the entrance may be led to', async () => {
  const { office, enter, get } = openDesk();
  const { cookie } = await enter();
  for (const site of ['same-site', 'cross-site'])
    for (const path of [
      '/trace?q=x@y.example&reason=planted',
      '/live',
      '/queue/message?id=x',
      '/identity?login=a',
    ])
      assert.equal((await get(path, { cookie, 'sec-fetch-site': site })).status, 403, `${site} ${path}`);
  assert.equal(
    (await office.trail()).some(({ type }) => type === 'lookedUp'),
    false,
  );
  assert.equal((await get('/', { cookie, 'sec-fetch-site': 'same-site' })).status, 200);
  assert.equal((await get('/sign-in/x', { 'sec-fetch-site': 'cross-site' })).status, 410);
  assert.equal((await get('/trace', { cookie, 'sec-fetch-site': 'none' })).status, 200);
});

test('a form needs the token of its own session', async () => {
  const { enter, post, get } = openDesk();
  const [one, other] = [await enter('root'), await enter('alice')];
  for (const token of ['', 'x', other.token, one.token.slice(1)])
    assert.equal((await post('/sign-out', { token }, { cookie: one.cookie })).status, 403, token);
  assert.equal((await post('/sign-out', {}, { cookie: one.cookie })).status, 403);
  assert.equal((await get('/', { cookie: one.cookie })).status, 200);
});

test('every answer says that nothing is framed, guessed, run from elsewhere or kept', async () => {
  const { get, post, enter } = openDesk();
  const { cookie } = await enter();
  const answers = [
    await get('/', { cookie }),
    await get('/'),
    await get('/nowhere'),
    await get('/', { host: 'evil.example' }),
    await get('/sign-in/x'),
    await post('/sign-out', {}, { origin: 'https://evil.example' }),
    await get(`/${'x'.repeat(5000)}`),
  ];
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 401, 404, 421, 410, 403, 414],
  );
  for (const { headers, status } of answers) {
    assert.equal(
      headers.get('content-security-policy'),
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      String(status),
    );
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('x-frame-options'), 'DENY');
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
    assert.equal(headers.get('cache-control'), 'no-store');
  }
});

test('no page has what the policy would stop: nothing inline, nothing from elsewhere', async () => {
  const { get, enter } = openDesk();
  const { cookie } = await enter();
  for (const text of [await (await get('/', { cookie })).text(), await (await get('/sign-in/x')).text()]) {
    assert.doesNotMatch(text, /<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]* src="\/assets\/)/i);
    for (const [, address = ''] of text.matchAll(/(?:src|href|action)="([^"]*)"/g))
      assert.match(address, /^(\/|#)/);
  }
});

test('with TLS before it the cookie is bound to the host, and browsers come by TLS alone', async () => {
  const origin = 'https://console.example.org';
  const { link, get, post } = openDesk({ origin });
  const opened = await post('/sign-in', { secret: secretOf(await link()) });
  assert.match(
    opened.headers.get('set-cookie') ?? '',
    /^__Host-postern=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
  );
  assert.match(opened.headers.get('strict-transport-security') ?? '', /^max-age=\d{8}$/);
  assert.equal((await get('/', { host: 'console.example.org' })).status, 401);
  // A proxy that calls us by our address.
  const proxied = await post('/sign-in', { secret: 'x' }, { host: '127.0.0.1:8588' });
  assert.equal(proxied.status, 410);
});

test('what is too large is refused', async () => {
  const { post } = openDesk();
  assert.equal((await post('/sign-in', `secret=${'x'.repeat(1024 * 1024)}`)).status, 413);
});

test('who is not signed in sends little, and a form of very many fields is not read', async () => {
  const { post, enter, faults } = openDesk();
  assert.equal((await post('/sign-in', `secret=${'x'.repeat(5000)}`)).status, 413);
  const { cookie, token } = await enter();
  assert.equal((await post('/sign-out', `token=${'x'.repeat(5000)}`, { cookie })).status, 413);
  const large = (octets: number) => post('/queue', 'x'.repeat(octets), { cookie });
  assert.equal((await large(1024 * 1024 + 1)).status, 413);
  assert.equal((await large(1024 * 1024)).status, 403, 'read, and without the token of the session');
  const many = `token=${token}&action=hold&${'id=x&'.repeat(100_000)}`;
  assert.equal((await post('/queue', many)).status, 401, 'nobody reads it without a session');
  const answer = await post('/queue', many, { cookie });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /at most 2000 fields/);
  assert.deepEqual(faults, []);
});

test('a browser that goes away while it sends is no fault of ours', async () => {
  const { faults, send } = openDesk();
  const body = new ReadableStream({ start: (controller) => controller.error(new Error('aborted')) });
  const answer = await send('/sign-in', body);
  assert.equal(answer.status, 400);
  assert.deepEqual(faults, []);
});

test('the head alone is asked for in vain: nothing is recorded, and no stream holds a place', async () => {
  const { office, get, head, enter } = openDesk();
  const { cookie } = await enter();
  const before = await office.trail();
  for (const path of ['/', '/trace?q=alice@example.org', '/identity?login=alice@example.org'])
    assert.equal((await head(path, { cookie })).status, 501, path);
  assert.deepEqual(await office.trail(), before);
  for (let at = 0; at < 60; at += 1) assert.equal((await head('/live', { cookie })).status, 501);
  const stream = await get('/live', { cookie });
  assert.equal(stream.status, 200);
  await stream.body?.cancel();
});

test('names are escaped wherever they stand', async () => {
  const { link, get, enter } = openDesk();
  const evil = `"><script>alert(1)</script>`;
  const gate = await (await get(new URL(await link(evil)).pathname)).text();
  const { cookie } = await enter(evil);
  for (const text of [gate, await (await get('/', { cookie })).text()]) {
    assert.doesNotMatch(text, /<script>/);
    assert.match(text, /&lt;script&gt;/);
  }
});

test('style and script may be kept by their names, which tell their content', async () => {
  const { get } = openDesk();
  const page = await (await get('/')).text();
  const paths = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
  assert.equal(paths.length, 3);
  for (const path of paths) {
    assert.match(path, /^\/assets\/[\w-]{12}\/(style\.css|console\.js|icon\.svg)$/);
    const plain = await get(path);
    const zipped = await get(path, { 'accept-encoding': 'br, gzip' });
    assert.match(plain.headers.get('cache-control') ?? '', /immutable/);
    assert.deepEqual(
      [plain.headers.get('content-encoding'), zipped.headers.get('content-encoding')],
      [null, 'gzip'],
    );
  }
});

test('a fault of the console is told in general, and reported in full', async () => {
  const { get, enter, faults } = openDesk({
    condition: {
      get health(): never {
        throw new TypeError('it broke');
      },
    },
  });
  const { cookie } = await enter();
  const page = await get('/', { cookie });
  assert.equal(page.status, 500);
  assert.match(await page.text(), /met a fault of its own: it broke/);
  assert.ok(faults.length > 0 && faults.every((fault) => fault instanceof TypeError));
});

test('a session in another role has its name in the frame, its own menu, and no page of another role', async () => {
  const { enterAs, get } = openDesk();
  const { cookie, token } = await enterAs({ who: 'aud@example.org', role: 'auditor' });
  assert.match(token, /^[\w-]{43}$/);
  const page = await (await get('/', { cookie })).text();
  assert.match(page, />aud@example\.org</);
  assert.doesNotMatch(page, /href="\/trace"/);
  assert.equal((await get('/trace', { cookie })).status, 403);
});

test('a NUL in the address is refused before anything is looked up, by the API too', async () => {
  const { get, enter, faults } = openDesk();
  const { cookie } = await enter();
  for (const path of ['/identity?q=%00', '/trace?q=a%00b', '/queue?domain=%00', '/api/v1/trace?q=%00'])
    assert.equal((await get(path, { cookie })).status, 400, path);
  assert.deepEqual(faults, []);
});
