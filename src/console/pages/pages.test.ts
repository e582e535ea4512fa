// What the pages show, and what their forms do: over use cases on a store in memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../../test/fakes/administration.ts';
import { openDesk } from '../../../test/fakes/console.ts';
import { type At, begin, EVIL, id, looksIn } from '../../../test/fakes/desk-with-mail.ts';
import { setUpTotp } from '../../../test/fakes/second-factor.ts';
import { acceptOf } from '../../store/store.contract-fixtures.ts';
import { pages } from '../routes.ts';
import { withoutWords } from '../hop-words.ts';

test('no page is shown to who is not signed in', async () => {
  const { get, post, office } = await begin({ messages: 1 });
  for (const { path } of pages) {
    const answer = await get(`${path}?q=${id(0)}&id=${id(0)}`);
    assert.equal(answer.status, 401, path);
    assert.doesNotMatch(await answer.text(), /bob@|alice@/, path);
  }
  assert.equal((await get('/live')).status, 401);
  for (const path of ['/queue', '/trace', '/sign-out'])
    assert.equal((await post(path, {})).status, 401, path);
  assert.equal((await office.trail()).filter(({ type }) => type === 'lookedUp').length, 0);
});

test('the overview names nobody, leaves no record, and leads to the trace of what came', async () => {
  const at = await begin({ messages: 2 });
  const text = await at.page('/');
  assert.doesNotMatch(text, /bob@example\.net|alice@/);
  assert.match(text, /All is well\./);
  for (const one of [0, 1]) assert.ok(text.includes(`href="/trace?q=${id(one)}"`));
  assert.ok(text.indexOf(id(1)) < text.indexOf(id(0)), 'the newest first');
  assert.deepEqual(await looksIn(at), []);
});

test('the overview of a server that has accepted nothing says how to send the first mail', async () => {
  const { page } = await begin();
  assert.match(
    await page('/'),
    /send the first mail[^]*postern account add alice@example\.org[^]*curl --ssl-reqd/,
  );
});

test('what is wrong stands first, with the reply of the hop', async () => {
  const { page } = await begin({
    messages: 1,
    condition: {
      health: {
        problems: [`disk: ${EVIL}`, 'the next hop smtp mta:25 is down since …'],
        warnings: ['certificate: five days'],
      },
      downHops: [{ route: 'smtp mta:25', diagnostic: `421 ${EVIL}`, since: 0 }],
    },
  });
  const text = await page('/');
  assert.match(
    text,
    /Something is wrong[^]*disk: [^]*Down[^]*smtp mta:25[^]*it answers 421[^]*certificate: five days/,
  );
  assert.equal(text.match(/smtp mta:25/g)?.length, 1, 'a hop is told once');
  assert.doesNotMatch(text, /<img/);
});

test('what the self-test found is told on the overview, and whole on the page of the server', async () => {
  const finding = `587: offers a mechanism without TLS ${EVIL}`;
  const { page } = await begin({ condition: { selfTest: 'degraded', selfTestFindings: [finding] } });
  const overview = await page('/');
  assert.doesNotMatch(overview, /All is well/);
  assert.match(overview, /the self-test of the listeners found a requirement that is not met/);
  const server = await page('/server');
  assert.match(server, /degraded[^]*587: offers a mechanism without TLS &lt;img/);
  assert.doesNotMatch(server, /<img/);
});

test('the overview tells the code of a reply, and not its words, which may name somebody', () => {
  for (const [said, shown] of [
    ['421 4.3.2 <jane@clinic.example> of Jane is busy', 'it answers 421 4.3.2'],
    ['mta:25: 451 mailbox of Jane is full', 'it answers 451'],
    [
      'smtp 127.0.0.1:15999: connect ECONNREFUSED 127.0.0.1:15999',
      'smtp 127.0.0.1:15999: connect ECONNREFUSED 127.0.0.1:15999',
    ],
    ['no code, jane@clinic.example', 'no code, …'],
  ] as const)
    assert.equal(withoutWords(said), shown);
});

test('a trace shows what came of a message, and is recorded with who looked', async () => {
  const at = await begin({ messages: 1 });
  const text = await at.page(`/trace?q=${id(0)}`);
  assert.match(text, /<article[^]*alice@example\.org[^]*bob@example\.net[^]*Accepted for 1 recipient/);
  assert.deepEqual(await looksIn(at), [
    { by: 'root (console)', action: 'trace', detail: { question: id(0), reason: '', found: 1 } },
  ]);
});

test('where a reason is wanted nothing is looked at without one', async () => {
  const at = await begin({ messages: 1, extra: ['audit: { requireReason: true }'] });
  for (const path of [`/trace?q=${id(0)}`, `/queue/message?id=${id(0)}`]) {
    const text = await at.page(path);
    assert.match(text, /name="reason"/, path);
    assert.doesNotMatch(text, /<article|Subject/, path);
  }
  const pasted = await at.act('/trace', [['text', 'From: a@b.example\r\n\r\nHello']]);
  assert.equal(pasted.status, 400);
  assert.deepEqual(await looksIn(at), []);
  assert.match(await at.page(`/trace?q=${id(0)}&reason=ticket+1`), /<article/);
  const [look] = await looksIn(at);
  assert.equal((look as { detail: { reason: string } }).detail.reason, 'ticket 1');
});

test('a pasted message is compared with what was recorded', async () => {
  const at = await begin({ messages: 1 });
  const unknown = await (
    await at.act('/trace', [['text', `From: <${'x@y.example'}>\r\nMessage-ID: <n@y.example>\r\n\r\nHi`]])
  ).text();
  assert.match(unknown, /claims to be from <strong>x@y\.example<\/strong>[^]*knows nothing/);
  assert.equal((await at.act('/trace', [['text', '  ']])).status, 400);
  assert.equal((await looksIn(at)).length, 1);
});

test('what names nothing, nobody or no place says so', async () => {
  const at = await begin({ messages: 1 });
  assert.match(await at.page('/trace?q=word'), /is no id, label, Message-ID or address/);
  assert.match(await at.page('/trace?q=x@far.example'), /It did not pass here, or it is older/);
  assert.equal((await at.get(`/trace?q=alice&before=nonsense`, { cookie: at.cookie })).status, 400);
  assert.match(
    await at.page('/queue/message?id=nothing'),
    /is not in the queue; Trace, asked for nothing, tells/,
  );
  assert.match(await at.page('/queue?identity=nobody'), /there is no account nobody; the page Identity/);
});

test('whatever strangers wrote is shown as text', async () => {
  const quoted = `"${EVIL.replaceAll('"', '')}"@example.net`;
  const at = await begin({ messages: 1, from: '', to: [quoted, '"<script>x</script>"@example.net'] });
  const paths = ['/', '/queue', `/queue?domain=${encodeURIComponent(EVIL)}`, `/trace?q=${id(0)}`];
  paths.push(
    `/trace?q=${encodeURIComponent(EVIL)}`,
    `/queue/message?id=${id(0)}`,
    `/queue/message?id=${encodeURIComponent(EVIL)}`,
  );
  for (const path of paths) {
    const text = await at.page(path);
    assert.doesNotMatch(text, /<img|<script>|onerror=alert\(1\)>"/, path);
    assert.match(text, /<main id="main"/, path);
  }
  assert.match(await at.page(`/trace?q=${id(0)}`), /&lt;script&gt;/);
  const pasted = await at.act('/trace', [
    ['text', `From: ${EVIL} <${EVIL}@x.example>\r\nSubject: ${EVIL}\r\n\r\n${EVIL}`],
  ]);
  assert.doesNotMatch(await pasted.text(), /<img/);
});

const queued = async ({ office }: At): Promise<readonly string[]> =>
  (await office.ports.lookups.queue({}, { max: 100 })).map(
    ({ message, heldBy }) => `${message.id.at(-1)}${heldBy.length > 0 ? ' held' : ''}`,
  );

test('what is chosen in the queue is held, released and tried at once; the trail says by whom', async () => {
  const at = await begin({ messages: 3 });
  const held = await at.act('/queue', [
    ['action', 'hold'],
    ['what', 'chosen'],
    ['id', id(0)],
    ['id', id(2)],
  ]);
  assert.deepEqual([held.status, held.headers.get('location')], [303, '/queue']);
  assert.match(await at.page('/queue'), /role="status">2 recipients held\.</);
  assert.doesNotMatch(await at.page('/queue'), /role="status"/, 'it is said once');
  assert.deepEqual(await queued(at), ['A held', 'B', 'C held']);
  const event = (await at.office.trail()).findLast(({ type }) => type === 'held');
  assert.equal(event?.type === 'held' && event.payload?.by, 'root (console)');
  await at.act('/queue', [
    ['action', 'release'],
    ['what', 'chosen'],
    ['id', id(0)],
  ]);
  assert.deepEqual(await queued(at), ['A', 'B', 'C held']);
});

test('what means more than was chosen, or can not be undone, is asked for first, and says how much it is', async () => {
  const at = await begin({ messages: 3 });
  const drop = [
    ['action', 'drop'],
    ['what', 'chosen'],
    ['id', id(1)],
  ] as const;
  const asked = await at.act('/queue', drop);
  assert.equal(asked.status, 200);
  assert.match(await asked.text(), /Drop 1 recipient\?[^]*gone for good/);
  assert.deepEqual(await queued(at), ['A', 'B', 'C']);
  await at.act('/queue', [...drop, ['sure', 'yes'], ['reason', 'spam']]);
  assert.deepEqual(await queued(at), ['A', 'C']);

  const all = [
    ['action', 'hold'],
    ['what', 'part'],
    ['part-domain', 'example.net'],
  ] as const;
  const question = await (await at.act('/queue', all)).text();
  assert.match(question, /Hold 2 recipients\?[^]*to the domain example\.net/);
  assert.deepEqual(await queued(at), ['A', 'C']);
  await at.act('/queue', [...all, ['sure', 'yes']]);
  assert.deepEqual(await queued(at), ['A held', 'C held']);
});

test('a form that names nothing, or nothing that there is, changes nothing', async () => {
  const at = await begin({ messages: 1 });
  for (const form of [
    [['action', 'hold']],
    [
      ['action', 'burn'],
      ['id', id(0)],
    ],
    [['id', id(0)]],
    [
      ['action', 'drop'],
      ['id', id(5)],
      ['sure', 'no'],
    ],
  ] as const)
    assert.ok((await at.act('/queue', form as never)).status >= 400, JSON.stringify(form));
  assert.deepEqual(await queued(at), ['A']);
});

test('the queue goes on where a page ends', async () => {
  const office = openOffice();
  const many = 'ABCDEFGH'
    .split('')
    .flatMap((a) => 'ABCDEFGH'.split('').map((b) => `01ARZ3NDEKTSV4RRFFQ69G5F${a}${b}`));
  for (const one of many) await office.ports.store.commit([acceptOf(one, office.clock.now(), {})]);
  const desk = openDesk({ office });
  const { cookie } = await desk.enter();
  const seen = new Set<string>();
  let path: string | undefined = '/queue';
  let pagesSeen = 0;
  while (path !== undefined) {
    const text: string = await (await desk.get(path, { cookie })).text();
    for (const [, one = ''] of text.matchAll(/name="id" value="([0-9A-Z]{26})"/g)) seen.add(one);
    path = /href="(\/queue\?after=[^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&');
    pagesSeen += 1;
  }
  assert.deepEqual([seen.size, pagesSeen], [many.length, 2]);
});

test('one message of the queue, with its header; its content only when it is asked for, as text; both are recorded', async () => {
  const at = await begin({ messages: 1 });
  const shown = await at.page(`/queue/message?id=${id(0)}`);
  assert.match(shown, /Envelope sender[^]*Header/);
  assert.match(await at.page(`/queue/message?id=${id(0)}&content=yes`), /Why do you look/);
  const inside = await at.page(`/queue/message?id=${id(0)}&content=yes&reason=ticket`);
  assert.match(inside, /as\s+plain\s+text/);
  const folded = { text: 'Received: from a\r\n\tby b\r\n\r\nHi\r\n' };
  await at.office.ports.store.commit([acceptOf(id(1), at.office.clock.now(), folded)]);
  assert.match(await at.page(`/queue/message?id=${id(1)}`), /Received: from a\n {4}by b/);
  assert.deepEqual(
    (await looksIn(at)).map((look) => (look as { action: string }).action),
    ['queue show', 'queue show --content', 'queue show'],
  );
});

test('one account, by its login: what it may, its credentials, and how to stop it and let it go on', async () => {
  const at = await begin({ messages: 2 });
  const text = await at.page('/identity?login=alice');
  assert.match(text, /alice@example\.org[^]*may send[^]*2 recipients[^]*Suspend/);
  assert.match(text, /app password[^]*counts[^]*not lately/);
  assert.match(text, /noted once a day for each network, so it may have been used since/);
  assert.doesNotMatch(text, /digest|salt|phc/);
  await setUpTotp(at.office.ports, 'alice@example.org');
  const [, ...factors] = (await at.page('/identity?login=alice')).split(/second factor,|recovery codes,/);
  assert.deepEqual(
    factors.map((row) => /not noted here|not lately/.exec(row)?.[0]),
    ['not noted here', 'not noted here'],
  );
  const form = [
    ['login', 'alice@example.org'],
    ['reason', 'ticket 5'],
  ] as const;
  const done = await at.act('/identity', [...form, ['action', 'suspend']]);
  assert.equal(done.headers.get('location'), '/identity?login=alice%40example.org');
  assert.match(
    await at.page('/identity?login=alice'),
    /is suspended: open sessions are cut[^]*Let it send again/,
  );
  assert.deepEqual(await at.office.newest(), {
    by: 'root (console)',
    action: 'suspend',
    detail: { login: 'alice@example.org', reason: 'ticket 5' },
  });
  await at.act('/identity', [...form, ['action', 'resume']]);
  assert.match(await at.page('/identity?login=alice'), /may send again/);
  for (const action of ['', 'burn'])
    assert.equal((await at.act('/identity', [...form, ['action', action]])).status, 400);
  assert.match(await at.page('/identity?login=nobody'), /there is no account nobody/);
});

test('the server: what it is ready for, and the nodes beside it', async () => {
  const nodes = [
    { node: 'a', incarnation: '1', state: 'alive' as const, leaseLeftMs: 9, isThis: true as const },
    { node: 'b', incarnation: '2', state: 'gone' as const, leaseLeftMs: -9 },
  ];
  const differences = [{ subject: 'limits', groups: [['a'], ['b']] }];
  const { page } = await begin({
    condition: {
      ready: [
        { name: 'listening', because: undefined },
        { name: 'space', because: 'below the floor' },
      ],
      health: { problems: [], warnings: [], nodes, differences },
    },
  });
  const text = await page('/server');
  assert.match(text, /listening[^]*yes[^]*space[^]*no[^]*below the floor/);
  assert.match(
    text,
    /a \(this one\)[^]*alive[^]*another took over[^]*Configured differently:[^]*limits: a \/ b/,
  );
});
