// The queue on the command line: why mail waits, and what is done to it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { systemClock } from '../../src/platform/clock.ts';
import { systemEntropy } from '../../src/platform/entropy.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { acceptOf, deferred, settleOf } from '../../src/store/store.contract-fixtures.ts';
import { COULD_NOT_TELL, place, show, USAGE } from './place.ts';

test('an empty queue says so, and a change that means nothing is a negative answer', async () => {
  const at = place();
  for (const line of [
    'queue list',
    'account list',
    'trace x@example.org',
    'audit verify',
    'account suspend a@b.c',
  ])
    await at.refused(COULD_NOT_TELL, /there is no store in .*data: is `data:` right\?/, line);
  assert.ok(!existsSync(at.data), 'nothing is made then');
  await at.good('account add alice@example.org');
  assert.equal(await at.good('queue list'), 'the queue is empty\n');
  assert.deepEqual(JSON.parse(await at.good('queue list --json')), { deliveries: 0, entries: [] });
  for (const action of ['retry', 'hold', 'drop'])
    await at.refused(1, /nothing in the queue matches/, `queue ${action} --domain far.example`);
  await at.refused(1, /nothing that matches in the queue is held/, 'queue release --domain far.example');
  await at.refused(USAGE, /name an id, a selector .*or --all/, 'queue drop --yes');
  await at.refused(1, /is not in the queue; `postern trace/, 'queue show 06FN0Z2V3W00000000000000AB');
  await at.refused(USAGE, /--max is a whole number, not "all"/, 'queue list --max all');
  for (const line of ['queue list --max 0', 'trace x@far.example --max 0'])
    await at.refused(USAGE, /--max is at least 1/, line);
  await at.refused(
    USAGE,
    /no limit messages: it is one of messagesPerHour, recipientsPerHour, nullSenderPerHour/,
    'account limit alice messages 5',
  );
  await at.refused(1, /there is no account bob/, 'queue list --identity bob');
});

test('E-Q-6 E-Q-8: the queue says why each message waits, how often it was tried, when again, and whose it is', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  const { id } = await show(at, 'alice');
  const now = Date.now();
  const text = 'From: alice@example.org\r\nSubject: one\r\n\ttwo\r\n\r\nHello.\r\n';
  const accepted = acceptOf('06FN0Z2V3W00000000000000AB', now - 2 * 3_600_000, {
    ...{ identityId: id, text, to: ['bob@far.example', 'new@far.example'], owner: 'front' },
  });
  const open = openSqliteStore({ dataDirectory: at.data, clock: systemClock, entropy: systemEntropy() });
  await open.store.commit([accepted]);
  const entries = await open.lookups.queue({}, { max: 9 });
  const [first] = entries.map(({ delivery }) => delivery);
  assert.ok(first !== undefined);
  await open.store.commit([
    settleOf('front', [first], deferred(now + 35.5 * 60_000), now - 60_000),
    { type: 'free', ownerPrefix: 'front', dueAt: now + 5.5 * 60_000 },
  ]);
  open.close();

  const listed = (await at.good('queue list')).split('\n');
  assert.match(listed[0] ?? '', /^ID +AGE +STATE +TRIES +NEXT TRY +LOGIN +FROM +TO +WHY$/);
  assert.match(
    listed[1] ?? '',
    /^06FN\w+ +2 hours +deferred +1 +in 35 minutes +alice@example\.org +<alice@example\.org> +<bob@far\.example> +450 4\.2\.1 come back later$/,
  );
  assert.match(
    listed[2] ?? '',
    / new +\d +in 5 minutes .*<new@far\.example> +not tried yet: its next hop was down/,
  );
  const shown = await at.good('queue show 06fn0z2v3w00000000000000ab');
  assert.match(
    shown,
    /^06FN\w+ {2}accepted \d{4}-\S+Z, 2 hours ago {2}\d+ octets\nlogin alice@example\.org\nfrom {2}<alice@/,
  );
  assert.match(
    shown,
    /^to {4}<bob@far\.example> {2}deferred, 1 attempt\n {6}next try in 35 minutes \(\S+Z\)\n {6}last attempt \S+Z, mx\.example\.net: 450 4\.2\.1 come back later$/m,
  );
  assert.match(shown, /^Subject: one\n {4}two$/m);
  const json = JSON.parse(await at.good('queue show 06FN0Z2V3W00000000000000AB --json')) as {
    readonly login: string;
    readonly acceptedAt: string;
    readonly recipients: readonly Record<string, unknown>[];
  };
  assert.deepEqual([json.login, Date.parse(json.acceptedAt)], ['alice@example.org', now - 2 * 3_600_000]);
  const { state, attempts, why, lastAttempt } = json.recipients[0] ?? {};
  const at450 = new Date(now - 60_000).toISOString();
  const reply = '450 4.2.1 come back later';
  assert.deepEqual([state, attempts, why], ['deferred', 1, reply]);
  assert.deepEqual(lastAttempt, { at: at450, status: '4.2.1', reply, remote: 'mx.example.net' });

  await at.good('queue hold 06FN0Z2V3W00000000000000AB --yes');
  assert.match(await at.good('queue list'), / held +1 +alice@example\.org .* held by the operator$/m);
  await at.good('account suspend alice');
  assert.match(await at.good('queue list'), / held .* its account is suspended$/m);
});

test('off a terminal a change of the queue needs --yes unless it names a message, and says first how many it means', async () => {
  const at = place();
  await at.good('account add alice@example.org');
  const { id } = await show(at, 'alice');
  const open = openSqliteStore({ dataDirectory: at.data, clock: systemClock, entropy: systemEntropy() });
  const queued = ['06FN0Z2V3W00000000000000AB', '06FN0Z2V3W00000000000000AC'];
  await open.store.commit(
    queued.map((one) => acceptOf(one, Date.now(), { identityId: id, to: ['bob@far.example'] })),
  );
  open.close();
  const [first = '', second = ''] = queued;
  assert.match(await at.good(`queue hold ${first}`), /^hold means 1 recipient\nhold: 1 of 1 recipient\n$/);
  for (const selector of ['--held', '--all', `${first} --held`, `${first} --domain far.example`])
    await at.refused(USAGE, /drop means [12] recipients?: say --yes/, `queue drop ${selector}`);
  assert.match(await at.good('queue list --totals'), /2/);
  await at.refused(USAGE, /unknown option '--bounce'/, `queue hold ${first} --bounce`);
  assert.match(
    await at.good('queue drop --held --yes'),
    /^drop means 1 recipient\ndrop: 1 of 1 recipient\n$/,
  );
  const json = await at.good(`queue drop ${second} --json`);
  assert.deepEqual(JSON.parse(json), { action: 'drop', matched: 1, changed: 1 });
  assert.equal(await at.good('queue list'), 'the queue is empty\n');
});
