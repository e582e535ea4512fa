import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { messageIdFromBytes } from '../../base/message-id.ts';
import type { QueueEntry } from '../lookups.ts';
import type { Change, Delivery } from '../port.ts';
import type { QueueSelector } from '../selector.ts';
import {
  acceptOf,
  type Bench,
  changed,
  deferred,
  final,
  HOUR,
  identityChange,
  identityOf,
  settleOf,
  START,
  started,
} from '../store.contract-fixtures.ts';
import { restoreStore } from './backup.ts';
import { openDatabase } from './database.ts';
import {
  backupStore,
  openAt,
  openInside,
  removeDirectory,
  temporaryDirectory,
} from './sqlite.contract-fixtures.ts';
import { STORE_FILE } from './schema.ts';

const bot = identityOf('bot');
/** Of no message here. */
const nowhere = messageIdFromBytes(new Uint8Array(16));

/** Numbers of the rows, which are those of their events: beside the queue, and in it. */
function rowsOf(t: TestContext, dataDirectory: string) {
  const db = openDatabase(join(dataDirectory, STORE_FILE), { readOnly: true });
  t.after(() => db.close());
  const numbers = (table: string): readonly unknown[] =>
    db.all(`SELECT n FROM ${table} ORDER BY n`).map((row) => row['n']);
  return () => ({ inflight: numbers('inflight'), queue: numbers('message') });
}

async function openWithOne(t: TestContext) {
  const { bench, dataDirectory, inside } = await openInside(t);
  await bench.written(bot);
  const { message } = await bench.accepted({
    ...{ owner: 'a/1', identityId: bot.id, to: ['x@near.example', 'y@far.example'] },
    text: 'A: b\r\n\r\nbody\r\n',
  });
  const entries = await bench.lookups.queue({}, { max: 9 });
  const deliveries = entries.map(({ delivery }) => delivery);
  return { bench, dataDirectory, inside, id: message.id, deliveries, rows: rowsOf(t, dataDirectory) };
}

test('D-GDPR-2: sqlite: what its front has in hand is one row, and its delivery leaves none', async (t) => {
  const { bench, id, deliveries, rows } = await openWithOne(t);
  assert.deepEqual(rows(), { inflight: [2], queue: [] });
  assert.equal(await bench.text(id), 'A: b\r\n\r\nbody\r\n');
  assert.equal((await bench.lookups.message(id.toLowerCase()))?.id, id);
  assert.deepEqual(await bench.one(settleOf('a/1', deliveries, final, bench.clock.now())), {
    type: 'settled',
    messageDone: true,
  });
  assert.deepEqual(rows(), { inflight: [], queue: [] });
  assert.deepEqual(await bench.lookups.queueTotals(), {
    ...{ messages: 0, deliveries: 0, held: 0 },
    byDomain: [],
  });
  assert.deepEqual(await bench.eventTypes(), ['identityChanged', 'accepted', 'relayed', 'relayed']);
  assert.deepEqual(
    await bench.one(settleOf('a/1', deliveries, final, bench.clock.now())),
    { type: 'stale' },
    'it was settled already',
  );
});

type Happens = (deliveries: readonly Delivery[], id: string, now: number) => Change;

/** Nothing of it changes the delivery that is left, but for its hold. */
const happenings: readonly { readonly why: string; readonly left: number; readonly what: Happens }[] = [
  {
    why: 'one of two is delivered',
    left: 1,
    what: ([, one], _, now) => settleOf('a/1', one ? [one] : [], final, now),
  },
  { why: 'a settle of somebody else', left: 2, what: (all, _, now) => settleOf('a/2', all, final, now) },
  {
    ...{ why: 'a settle of an attempt that was not made', left: 2 },
    what: (all, _, now) =>
      settleOf(
        'a/1',
        all.map((one) => ({ ...one, attempt: 2 })),
        final,
        now,
      ),
  },
  ...holds([
    ['its id', (messageId) => ({ messageId })],
    ['its identity', () => ({ identityId: bot.id })],
    ['a domain of it', () => ({ domain: 'FAR.example' })],
    ['its recipient', () => ({ to: 'x@near.example' })],
  ]),
];

function holds(
  named: readonly (readonly [string, (id: string) => QueueSelector])[],
): readonly (typeof happenings)[number][] {
  return named.map(([by, selector]) => ({
    ...{ why: `a hold by ${by}`, left: 2 },
    what: (_, id, now) => ({ type: 'queue', action: 'hold', selector: selector(id), now, by: 'root' }),
  }));
}

const withoutHold = (entries: readonly QueueEntry[]): unknown =>
  entries.map((one) => ({ ...one, heldBy: [] }));

for (const { why, left, what } of happenings) {
  test(`sqlite: what is in hand is filed as it was when something else happens: ${why}`, async (t) => {
    const { bench, id, deliveries, rows } = await openWithOne(t);
    const before = await bench.lookups.queue({}, { max: 9 });
    await bench.one(what(deliveries, id, bench.clock.now()));
    assert.deepEqual(rows(), { inflight: [], queue: [2] });
    const after = await bench.lookups.queue({}, { max: 9 });
    assert.deepEqual(withoutHold(after), withoutHold(before.slice(0, left)));
    assert.equal(await bench.text(id), 'A: b\r\n\r\nbody\r\n');
    assert.equal((await bench.lookups.queueTotals()).deliveries, left);
    const rest = after.map(({ delivery }) => delivery);
    assert.equal((await bench.one(settleOf('a/1', rest, final, bench.clock.now()))).type, 'settled');
    assert.deepEqual(rows(), { inflight: [], queue: [] });
  });
}

const others: readonly { readonly why: string; readonly what: Happens }[] = [
  {
    why: 'nobody’s leases are freed',
    what: (_, __, now) => ({ type: 'free', ownerPrefix: 'none', dueAt: now }),
  },
  {
    why: 'another message is given back',
    what: (_, __, now) => ({
      ...{ type: 'free', ownerPrefix: 'a/1', dueAt: now },
      only: [{ messageId: nowhere, recipientNumber: 0, attempt: 1 }],
    }),
  },
  ...[{ messageId: nowhere }, { identityId: 'id-other' }, { domain: 'elsewhere.example' }].map(
    (selector): (typeof others)[number] => ({
      why: `a hold of others: ${Object.keys(selector).join()}`,
      what: (_, __, now) => ({ type: 'queue', action: 'hold', selector, now, by: 'root' }),
    }),
  ),
  ...(['retry', 'release', 'drop'] as const).map((action): (typeof others)[number] => ({
    why: `${action} of all, which leaves alone what is under way`,
    what: (_, __, now) => ({ type: 'queue', action, selector: {}, now, by: 'root' }),
  })),
  {
    why: 'another identity is suspended',
    what: (_, __, now) => identityChange(identityOf('other', { state: 'suspended' }), 0, now),
  },
  { why: 'a purge', what: (_, __, now) => ({ type: 'purge', eventsBefore: now + HOUR, now, max: 99 }) },
  {
    why: 'an erasure',
    what: (_, __, now) => ({
      ...{ type: 'erase', identityId: bot.id, addresses: [] },
      ...{ before: now + HOUR, now, by: 'root' },
    }),
  },
];

for (const { why, what } of others) {
  test(`sqlite: what is in hand stays there while this happens: ${why}`, async (t) => {
    const { bench, id, deliveries, rows } = await openWithOne(t);
    const before = await bench.lookups.queue({}, { max: 9 });
    await bench.one(what(deliveries, id, bench.clock.now()));
    assert.deepEqual(rows(), { inflight: [2], queue: [] });
    assert.deepEqual(await bench.lookups.queue({}, { max: 9 }), before);
    const events = await bench.events();
    const accepted = events.find(({ type }) => type === 'accepted');
    assert.equal(accepted?.messageId, id);
    assert.ok(accepted.payload, 'kept while it is queued');
  });
}

test('E-Q-2: sqlite: what was deferred, or given back, is claimed as any other', async (t) => {
  const { bench, deliveries, rows } = await openWithOne(t);
  const now = bench.clock.now();
  assert.deepEqual(await bench.claim('b'), []);
  await bench.one(settleOf('a/1', deliveries.slice(0, 1), deferred(now), now));
  assert.deepEqual(rows(), { inflight: [], queue: [2] });
  await bench.one({ type: 'free', ownerPrefix: 'a/', dueAt: now });
  const claimed = await bench.claim('b');
  assert.deepEqual(new Set(claimed.map(({ recipientNumber }) => recipientNumber)), new Set([0, 1]));
  assert.deepEqual(
    claimed.map(({ attempt }) => attempt),
    [2, 2],
  );
});

test('sqlite: a suspension leaves what is in hand where it is, and what comes meanwhile stands in the queue', async (t) => {
  const { bench, rows } = await openWithOne(t);
  await bench.written(changed(bot, { state: 'suspended' }));
  await bench.accepted({ owner: 'a/1', identityId: bot.id });
  assert.deepEqual(rows(), { inflight: [2], queue: [4] });
  const held = await bench.lookups.queue({ held: true }, { max: 9 });
  assert.deepEqual(
    held.map(({ heldBy }) => heldBy),
    [['identity'], ['identity'], ['identity']],
  );
  assert.equal((await bench.lookups.queueTotals()).held, 3);
});

test('sqlite: a change that can’t be done leaves what is in hand as it is', async (t) => {
  const { bench, deliveries, rows } = await openWithOne(t);
  const now = bench.clock.now();
  const failing = { type: 'record', events: [started(Number.NaN)] } as const;
  const other = acceptOf(bench.nextId(), now, { owner: 'a/1' });
  const [settled, failed, accepted] = await bench.store.commit([
    settleOf('a/1', deliveries, final, now),
    failing,
    other,
  ]);
  assert.deepEqual([settled.type, failed.type, accepted.type], ['settled', 'failed', 'accepted']);
  const { inflight, queue } = rows();
  assert.deepEqual([inflight.length, queue], [1, []]);
  assert.deepEqual(await bench.one(other), { type: 'accepted' }, 'once');
  assert.equal(rows().inflight.length, 1);
});

test('sqlite: what was in hand when the process ended is still known to the next', async (t) => {
  const { bench, id, deliveries, rows } = await openWithOne(t);
  await bench.restart();
  assert.deepEqual(rows(), { inflight: [2], queue: [] });
  assert.equal(await bench.text(id), 'A: b\r\n\r\nbody\r\n');
  // The thread of the store was replaced, the front goes on.
  const settled = await bench.one(settleOf('a/1', deliveries, final, bench.clock.now()));
  assert.deepEqual(settled, { type: 'settled', messageDone: true });
  // Both were replaced.
  await bench.accepted({ owner: 'a/1' });
  await bench.restart();
  await bench.one({ type: 'free', ownerPrefix: 'a/', dueAt: bench.clock.now() });
  assert.equal((await bench.claim('b')).length, 1);
});

test('F-DOS-8: sqlite: no more than a thousand stand beside the queue', async (t) => {
  const { bench, dataDirectory } = await openInside(t);
  const rows = rowsOf(t, dataDirectory);
  const many = Array.from({ length: 1003 }, () =>
    acceptOf(bench.nextId(), bench.clock.now(), { owner: 'a/1' }),
  );
  await bench.store.commit(many);
  const { inflight, queue } = rows();
  assert.deepEqual([inflight.length, queue.length], [1000, 3]);
  const listed = await everyEntry(bench);
  assert.deepEqual(
    listed,
    many.map(({ message }) => message.id),
  );
});

async function everyEntry(bench: Bench): Promise<readonly string[]> {
  const ids: string[] = [];
  for (;;) {
    const last = ids.at(-1);
    const after = last === undefined ? {} : { after: { messageId: last, recipientNumber: 0 } };
    const page = await bench.lookups.queue({}, { ...after, max: 250 });
    if (page.length === 0) return ids;
    ids.push(...page.map(({ message }) => message.id));
  }
}

test('F-DOS-8: sqlite: a message to many stands in the queue from the start', async (t) => {
  const { bench, dataDirectory } = await openInside(t);
  const rows = rowsOf(t, dataDirectory);
  const to = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, at) => `${at}@near.example`);
  await bench.accepted({ owner: 'a/1', to: to(16) });
  await bench.accepted({ owner: 'a/1', to: to(17) });
  // To nobody: no delivery will end it.
  await bench.accepted({ owner: 'a/1', to: [] });
  assert.deepEqual(rows(), { inflight: [1], queue: [2, 3] });
});

test('sqlite: what the queue could not keep is refused at once, not when it is filed', async (t) => {
  const { bench, dataDirectory } = await openInside(t);
  const late = acceptOf(bench.nextId(), bench.clock.now(), { owner: 'a/1', dueAt: START + 0.5 });
  assert.equal((await bench.one(late)).type, 'failed');
  assert.deepEqual(rowsOf(t, dataDirectory)(), { inflight: [], queue: [] });
});

test('sqlite: what is in hand goes with a backup, and waits in the queue after it', async (t) => {
  const { dataDirectory, inside, id } = await openWithOne(t);
  const target = temporaryDirectory();
  t.after(() => removeDirectory(target));
  const file = join(target, 'backup.db');
  const result = await backupStore(inside().writer, dataDirectory, file);
  assert.deepEqual(result, { messages: 1, events: 2, bodies: 0 });
  const home = join(target, 'restored');
  assert.deepEqual(await restoreStore(file, home, async () => undefined), result);
  assert.deepEqual(rowsOf(t, home)(), { inflight: [], queue: [2] });
  const restored = openAt(home);
  t.after(() => restored.close());
  const entries = await restored.lookups.queue({}, { max: 9 });
  assert.deepEqual(
    entries.map(({ message, active }) => [message.id, active]),
    [
      [id, false],
      [id, false],
    ],
  );
});
