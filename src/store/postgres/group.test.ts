// What goes together in one flush, and what becomes of it when one part of it does not fit.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { AcceptChange, Change, Outcome, SettleChange } from '../port.ts';
import {
  acceptOf,
  Bench,
  deferred,
  final,
  identityOf,
  type Said,
  settleOf,
  started,
} from '../store.contract-fixtures.ts';
import { connect, type Connection } from './connection.ts';
import { uuidOfId } from './inflight.ts';
import { FOLD_EVERY_MS } from './queue-totals.ts';
import type { OpenPostgresStore } from './open.ts';
import { freshDatabase, openIn, withoutPostgres } from './postgres.contract-fixtures.ts';

const skip = withoutPostgres;

interface Applied {
  readonly outcomes: readonly Outcome[];
  readonly roundTrips: number;
  readonly redone: number;
}

interface Group {
  readonly bench: Bench;
  /** With the round trips and the groups done again that it cost. */
  applied(changes: readonly Change[]): Promise<Applied>;
  /** Groups, by SQLSTATE. */
  redoneBy(): Readonly<Record<string, number>>;
  /** Messages, as the writer has it. */
  queuedBy(): number;
  accept(said?: Said): AcceptChange;
  /** Another connection, within a transaction. */
  beside(): Promise<Connection>;
  /** Ends its first attempt. */
  settle(change: AcceptChange, fate?: Parameters<typeof settleOf>[2]): Promise<SettleChange>;
}

async function group(t: TestContext): Promise<Group> {
  const database = await freshDatabase();
  let inside: (() => OpenPostgresStore) | undefined;
  const bench = await Bench.open(async (options) => {
    const opened = openIn(database, options);
    ({ inside } = opened);
    return opened.opened();
  });
  t.after(() => bench[Symbol.asyncDispose]());
  const writer = inside?.().writer;
  assert.ok(writer);
  return {
    bench,
    async applied(changes) {
      const before = writer.figures();
      const outcomes = await writer.apply(changes, 0);
      const after = writer.figures();
      const redoneIn = ({ redone }: typeof before): number =>
        Object.values(redone).reduce((sum, count) => sum + count, 0);
      return {
        ...{ outcomes, roundTrips: after.roundTrips - before.roundTrips },
        redone: redoneIn(after) - redoneIn(before),
      };
    },
    redoneBy: () => writer.figures().redone,
    queuedBy: () => writer.queued(),
    async beside() {
      const other = await connect(database.server, { clock: bench.clock });
      t.after(() => other.close());
      await other.exec('BEGIN');
      return other;
    },
    accept: (said = {}) => acceptOf(bench.nextId(), bench.clock.now(), { owner: 'a', ...said }),
    async settle(change, fate = final) {
      const entries = await bench.lookups.queue({ messageId: change.message.id }, { max: 99 });
      const deliveries = entries.map(({ delivery }) => delivery);
      return settleOf(change.owner ?? '', deliveries, fate, bench.clock.now());
    },
  };
}

const types = ({ outcomes }: Applied): readonly string[] => outcomes.map(({ type }) => type);

test('a group of accepts, ends and events is one round trip', { skip }, async (t) => {
  const { bench, applied, accept, settle } = await group(t);
  const first = [accept(), accept({ owner: 'b' }), accept({ to: ['b@x.example', 'c@y.example'] })];
  assert.deepEqual(await applied(first), {
    ...{ outcomes: Array(3).fill({ type: 'accepted' }), roundTrips: 1, redone: 0 },
  });
  assert.equal((await bench.queued()).length, 4);
  const ends = await Promise.all(first.map((change) => settle(change)));
  const next = [accept(), ...ends, { type: 'record', events: [started(1), started(2)] }] as const;
  const done = await applied(next);
  assert.deepEqual(
    [types(done), done.roundTrips, done.redone],
    [['accepted', 'settled', 'settled', 'settled', 'recorded'], 1, 0],
  );
  assert.equal((await bench.queued()).length, 1);
  assert.equal((await bench.lookups.queueTotals()).messages, 1);
  assert.deepEqual(
    (await bench.eventTypes()).toSorted(),
    ['accepted', 'relayed'].flatMap((type) => Array<string>(4).fill(type)).concat('started', 'started'),
  );
});

test('one part of a group that does not fit fails nobody else', { skip }, async (t) => {
  const { bench, applied, accept, settle, redoneBy } = await group(t);
  const [gone, known] = [accept(), accept()];
  await applied([gone, known]);
  const ends = [await settle(gone), await settle(known)];
  const [store] = [(await bench.both())[1]];
  // Behind the back of this writer.
  await store.commit([{ type: 'free', ownerPrefix: 'a', dueAt: bench.clock.now() }]);
  const [, late] = ends;
  assert.ok(late);
  const fresh = accept();
  const done = await applied([fresh, late, known, { type: 'record', events: [started(1)] }]);
  assert.deepEqual([types(done), done.redone], [['accepted', 'stale', 'accepted', 'recorded'], 1]);
  assert.deepEqual(redoneBy(), { '22012': 1 }, 'others have filed them');
  const once = (await bench.events()).filter(({ messageId }) => messageId === known.message.id);
  assert.deepEqual(
    once.map(({ type }) => type),
    ['accepted'],
  );
  assert.deepEqual(types(await applied([accept(), { type: 'record', events: [started(2)] }])), [
    'accepted',
    'recorded',
  ]);
});

test('what may not be accepted stays out of a group that is', { skip }, async (t) => {
  const { bench, applied, accept } = await group(t);
  const limits = { messagesPerHour: 2 };
  const said = { identityId: 'i1', charge: { identityId: 'i1', limits } };
  const done = await applied([accept(said), accept(said), accept(said), accept()]);
  assert.deepEqual(types(done), ['accepted', 'accepted', 'limited', 'accepted']);
  assert.equal((await bench.queued()).length, 3);
  bench.queuedMessagesMax = 4;
  assert.deepEqual(types(await applied([accept(), accept()])), ['accepted', 'queueFull']);
  bench.full = 'no space';
  assert.deepEqual(types(await applied([accept()])), ['full']);
  assert.equal((await bench.events()).length, 4);
});

test('who sends and may not any more hears of it in the group', { skip }, async (t) => {
  const { bench, applied, accept } = await group(t);
  await bench.written(identityOf('bot', { state: 'suspended' }));
  await bench.written(identityOf('man'));
  const { outcomes } = await applied(
    ['id-bot', 'id-man', 'id-bot'].map((identityId) => accept({ identityId })),
  );
  assert.deepEqual(outcomes, [
    { type: 'accepted', held: true },
    { type: 'accepted' },
    { type: 'accepted', held: true },
  ]);
});

test(
  'what is no whole end of a first attempt is done alone, and what comes with it together',
  { skip },
  async (t) => {
    const { applied, accept, settle } = await group(t);
    const [later, again] = [accept({ to: ['b@x.example', 'c@y.example'] }), accept()];
    await applied([later, again]);
    const whole = await settle(later);
    const half = { ...whole, recipients: whole.recipients.slice(1) };
    const done = await applied([
      half,
      { ...(await settle(again)), again: true },
      await settle(later, deferred(1)),
      { ...accept(), untried: true },
      { type: 'record', events: [started(1)] },
    ]);
    assert.deepEqual(
      [types(done), done.redone],
      [['settled', 'settled', 'stale', 'accepted', 'recorded'], 0],
    );
  },
);

test('a group is bounded, and more than one group is several', { skip }, async (t) => {
  const { applied, accept } = await group(t);
  const large = 'Subject: x\r\n\r\n' + 'x'.repeat(1024 * 1024);
  const many = await applied(Array.from({ length: 300 }, () => accept()));
  assert.deepEqual([new Set(types(many)).size, many.roundTrips], [1, 2]);
  const much = await applied(Array.from({ length: 5 }, () => accept({ text: large })));
  assert.deepEqual([new Set(types(much)).size, much.roundTrips], [1, 2]);
});

test(
  'ends are locked in the order of their ids, whoever holds them and however they came',
  { skip },
  async (t) => {
    const { applied, accept, settle, beside } = await group(t);
    const accepts = [accept(), accept({ owner: 'b' }), accept()];
    await applied(accepts);
    const ids = accepts.map(({ message }) => uuidOfId(message.id)).toSorted();
    const ends = await Promise.all(accepts.toReversed().map((change) => settle(change)));
    const other = await beside();
    const lock = 'SELECT 1 FROM inflight WHERE id = $1 FOR UPDATE NOWAIT';
    await other.query(lock, ids[0] ?? '');
    const ended = applied(ends);
    const waits =
      'SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))';
    while ((await other.query(waits)).rows.length === 0);
    for (const id of ids.slice(1)) assert.equal((await other.query(lock, id)).count, 1);
    await other.exec('COMMIT');
    const done = await ended;
    assert.deepEqual([types(done), done.redone], [['settled', 'settled', 'settled'], 0]);
  },
);

test(
  'what others have filed is in hand no more when its front gives it back, or is gone',
  { skip },
  async (t) => {
    const { bench, applied, accept, queuedBy } = await group(t);
    const [first, given, gone] = [accept(), accept(), accept({ owner: 'b/1' })];
    await applied([first, given, gone]);
    const [, other] = await bench.both();
    const { now } = bench.clock;
    const counted = async (): Promise<number> => {
      bench.clock.advance(FOLD_EVERY_MS);
      await bench.idle();
      await bench.hear();
      return queuedBy();
    };
    await other.commit([{ type: 'queue', action: 'hold', now: now(), by: 'root', selector: {} }]);
    assert.equal(await counted(), 6, 'until then it counts twice');
    const only = [{ messageId: given.message.id, recipientNumber: 0, attempt: 1 }];
    await bench.one({ type: 'free', ownerPrefix: 'a', only, dueAt: now() });
    assert.equal(await counted(), 5);
    await bench.one({ type: 'free', ownerPrefix: 'b/', dueAt: now() });
    assert.equal(await counted(), 4);
    await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: now() });
    assert.equal(await counted(), 3);
  },
);
