// Floors of lanes, by themselves and under claims: what they leave out, and that they strand nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, Delivery } from '../port.ts';
import { acceptOf, deferred, final, HOUR, keyOf, MINUTE, settleOf } from '../store.contract-fixtures.ts';
import { FLOOR_MS, Floors, NO_FLOOR } from './floors.ts';
import { accept, clock, oldSnapshot, open, type Opened } from './plans.contract-fixtures.ts';
import { uuidOfId } from './inflight.ts';
import { freshDatabase, openInside, withoutPostgres } from './postgres.contract-fixtures.ts';

const skip = withoutPostgres;
const T = 1_000_000_000_000;

/** Of a lane from which twenty were taken at T, the last of what was left due at `T - 50_000`. */
function withLane(oldest = T - 50_000): Floors {
  const floors = new Floors();
  floors.begin();
  floors.looked([{ domain: 'd', oldest, taken: 20 }], T);
  return floors;
}

test('a lane is looked into from a little before what was left there, for half a minute', () => {
  const left = withLane();
  assert.equal(left.of('d', T), T - 52_000);
  assert.equal(left.of('d', T + FLOOR_MS - 1), T - 52_000);
  assert.equal(left.of('d', T + FLOOR_MS), NO_FLOOR);
  assert.equal(left.of('d', T - 1), NO_FLOOR, 'the clock was set back');
  assert.equal(left.of('e', T), NO_FLOOR, 'nobody has looked into it');
  assert.equal(withLane(Infinity).of('d', T), T - 2_000, 'nothing was left');
  assert.equal(withLane(T + HOUR).of('d', T), T - 2_000, 'what was left is not due yet');
});

test('a look from the beginning counts for another half a minute, one from a floor does not', () => {
  const floors = withLane();
  const look = (at: number): void => {
    floors.begin();
    floors.looked([{ domain: 'd', oldest: at, taken: 1 }], at);
  };
  look(T + FLOOR_MS - 1);
  assert.equal(floors.of('d', T + FLOOR_MS), NO_FLOOR);
  look(T + FLOOR_MS);
  assert.equal(floors.of('d', T + 2 * FLOOR_MS - 1), T + FLOOR_MS - 2_000);
});

test('what is brought lowers the floor of its lane, or of all, and none is raised by it', () => {
  const floors = withLane();
  floors.bring(T);
  floors.bring(T - HOUR, 'e');
  assert.equal(floors.of('d', T), T - 52_000);
  floors.bring(T - HOUR, 'd');
  assert.equal(floors.of('d', T), T - HOUR);
  floors.bring(T - 2 * HOUR);
  assert.equal(floors.of('d', T), T - 2 * HOUR);
  floors.forget();
  assert.equal(floors.of('d', T), NO_FLOOR);
});

test('what is brought while a claim looks counts after what it has seen', () => {
  const floors = withLane();
  floors.begin();
  floors.bring(T - HOUR);
  floors.looked([{ domain: 'd', oldest: Infinity, taken: 20 }], T + 1);
  assert.equal(floors.of('d', T + 1), T - HOUR);
});

test('an empty lane is kept for an hour if much was taken from it, and no more than 500 lanes', () => {
  const known = (floors: Floors): readonly string[] => floors.all(T).domains;
  const emptyAt = (floors: Floors, at: number): Floors => {
    floors.begin();
    floors.looked([{ domain: 'd', oldest: Infinity, taken: 0 }], at);
    return floors;
  };
  assert.deepEqual(known(emptyAt(withLane(), T + FLOOR_MS)), ['d']);
  assert.deepEqual(known(emptyAt(withLane(), T + HOUR)), []);
  const few = new Floors();
  few.looked([{ domain: 'd', oldest: T, taken: 1 }], T);
  assert.deepEqual(known(emptyAt(few, T + 1)), ['d']);
  assert.deepEqual(known(emptyAt(few, T + FLOOR_MS)), []);
  const many = new Floors();
  for (let n = 0; n <= 500; n += 1) many.looked([{ domain: `d${n}`, oldest: T, taken: 1 }], T);
  assert.deepEqual([known(many).length, known(many)[0]], [500, 'd1']);
  many.looked([{ domain: 'e', oldest: T, taken: 0 }], T);
  assert.ok(!known(many).includes('e'), 'nothing was taken from it');
});

const ROUNDS = 8;
const GROUP = 20;

/** One group through the queue. Gives how many entries of the index of lanes the claim has read. */
async function round(opened: Opened, number: number): Promise<number> {
  clock.advance(5_000);
  await opened.all(...Array.from({ length: GROUP }, () => accept({ to: ['x@far.example'] })));
  const before = await entriesRead(opened);
  const claim = { type: 'claim', owner: 'a', token: String(number), shares: [{ max: GROUP }] } as const;
  const [claimed] = await opened.all(claim);
  const read = (await entriesRead(opened)) - before;
  assert.ok(claimed.type === 'claimed' && claimed.deliveries.length === GROUP);
  await opened.all(...claimed.deliveries.map((one) => settleOf('a', [one], final, clock.now())));
  return read;
}

async function entriesRead({ connection }: Opened): Promise<number> {
  await connection.exec('SELECT pg_stat_force_next_flush()');
  const { rows } = await connection.query(
    "SELECT idx_tup_read AS read FROM pg_stat_user_indexes WHERE indexrelname = 'recipient_lane'",
  );
  return Number(rows[0]?.['read']);
}

test('under an old snapshot a claim reads no more than what came lately', { skip }, async () => {
  await using database = await freshDatabase();
  await using _snapshot = await oldSnapshot(database.server);
  const opened = await open(database.server, 'w');
  for (let number = 1; number < ROUNDS; number += 1) await round(opened, number);
  clock.advance(FLOOR_MS);
  const fromTheBeginning = await round(opened, ROUNDS);
  assert.ok(fromTheBeginning >= GROUP * ROUNDS, `${fromTheBeginning}: all are still there`);
  const read = await round(opened, ROUNDS + 1);
  assert.ok(read <= 4 * GROUP, `${read} entries`);
  await opened.connection.close();
});

const to = ['x@far.example'];

/** What another node does to mail that it has leased, without a word to this one. */
const byOthers: Readonly<Record<string, (leased: readonly Delivery[], dueAt: number) => Change>> = {
  'put off': (leased, dueAt) => settleOf('b', leased, deferred(dueAt), dueAt),
  'given back': (only, dueAt) => ({ type: 'free', ownerPrefix: 'b', only, dueAt }),
};

for (const [what, change] of Object.entries(byOthers))
  test(
    `what another node has ${what}, due for long, waits for half a minute at most`,
    { skip },
    async (t) => {
      const { bench } = await openInside(t);
      const [, other] = await bench.both();
      const dueAt = bench.clock.now();
      await bench.accepted({ to });
      const [leased] = await other.commit([{ type: 'claim', owner: 'b', token: 't', shares: [{ max: 1 }] }]);
      assert.ok(leased.type === 'claimed' && leased.deliveries.length === 1);
      bench.clock.advance(HOUR);
      for (let count = 0; count < GROUP; count += 1) await bench.accepted({ to });
      assert.equal((await bench.claim('a')).length, GROUP);
      await other.commit([change(leased.deliveries, dueAt)]);
      bench.clock.advance(FLOOR_MS);
      assert.deepEqual((await bench.claim('a')).map(keyOf), leased.deliveries.map(keyOf));
    },
  );

test('what another node accepts, dated a little before, is claimed at once', { skip }, async (t) => {
  const { bench } = await openInside(t);
  const [, other] = await bench.both();
  for (let count = 0; count < GROUP; count += 1) await bench.accepted({ to });
  bench.clock.advance(MINUTE);
  assert.equal((await bench.claim('a')).length, GROUP);
  const change = acceptOf(bench.nextId(), bench.clock.now(), { to, dueAt: bench.clock.now() - 1_000 });
  await other.commit([change]);
  assert.deepEqual(
    (await bench.claim('a')).map(({ messageId }) => messageId),
    [change.message.id],
  );
});

test(
  'what others held locked while a lane was looked into waits for half a minute at most',
  { skip },
  async (t) => {
    const { bench, sql } = await openInside(t);
    const { message } = await bench.accepted({ to });
    bench.clock.advance(MINUTE);
    for (let count = 0; count < GROUP; count += 1) await bench.accepted({ to });
    await sql.run('BEGIN');
    await sql.all('SELECT 1 FROM recipient WHERE message_id = $1 FOR UPDATE', uuidOfId(message.id));
    assert.equal((await bench.claim('a')).length, GROUP);
    await sql.run('ROLLBACK');
    bench.clock.advance(FLOOR_MS);
    assert.deepEqual(
      (await bench.claim('a')).map(({ messageId }) => messageId),
      [message.id],
    );
  },
);

test('lanes with floors and without are walked in one order, none left out', { skip }, async (t) => {
  const { bench } = await openInside(t);
  const domains = ['b', 'd', 'f'].map((name) => `${name}.example`);
  for (const domain of domains) await bench.accepted({ to: [`x@${domain}`] });
  assert.equal((await bench.claim('a')).length, domains.length);
  bench.clock.advance(5_000);
  // What has floors is empty now; others lie before, between and behind.
  const others = ['a', 'c', 'cc', 'd', 'e', 'g', 'xn--tda'].map((name) => `${name}.example`);
  for (const domain of others) await bench.accepted({ to: [`x@${domain}`] });
  await bench.accepted({ to: ['x@h.example'], dueAt: bench.clock.now() + HOUR });
  const claimed = await bench.claim('a');
  assert.deepEqual(
    claimed.map(({ domain }) => domain),
    others,
  );
  assert.deepEqual(await bench.claim('a'), []);
  assert.deepEqual(await bench.claim('a', { after: 'd.example' }), []);
});
