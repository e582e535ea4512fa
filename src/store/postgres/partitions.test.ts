// The trail in partitions: they are there before they are needed, a day is begun by one node, and mail is never refused for want of one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase as emptyDatabase } from '../../../test/postgres/database.ts';
import { verifyTrail } from '../../audit/verify.ts';
import { DAY, HOUR, MINUTE, started, virtualClock } from '../store.contract-fixtures.ts';
import { delivered, findable, findableTerms } from '../store.contract-trail.ts';
import { RecentTerms } from '../recent-terms.ts';
import { indexTerm } from '../terms.ts';
import { connect, type Connection } from './connection.ts';
import { daysOf, keepPartitions, PLACES, setDaysEach } from './partitions.ts';
import { openInside, serverOf, withoutPostgres } from './postgres.contract-fixtures.ts';
import { migrate } from './migration.ts';
import { breaking, steps } from './schema.ts';
import { type Sql, sqlOver } from './sql.ts';
import { isInTheWay } from './sql-states.ts';
import { indexSlice } from './term-index.ts';
import { newestNaming } from './trail-search.ts';

const skip = withoutPostgres;

const nobody = (because: string): void => assert.fail(because);

async function opened(t: { after(done: () => Promise<void>): void }) {
  const { bench, database, sql, ...rest } = await openInside(t);
  const connection = await connect(database.server, { clock: bench.clock });
  t.after(() => connection.close());
  return { ...rest, bench, database, sql, connection };
}

/** `partition: rows`, of those that hold some. */
async function filled(sql: Sql, table: 'event' | 'term'): Promise<readonly string[]> {
  const rows = await sql.all(
    `SELECT tableoid::regclass::text || ': ' || count(*) AS held FROM ${table} GROUP BY tableoid ORDER BY tableoid`,
  );
  return rows.map((row) => String(row['held']));
}

async function made(sql: Sql): Promise<readonly unknown[]> {
  const rows = await sql.all(
    "SELECT relid::text AS name FROM pg_partition_tree('event') WHERE level = 1 ORDER BY length(relid::text), relid::text",
  );
  return rows.map((row) => row['name']);
}

test('a week of partitions is there ahead, and each day goes into its own', { skip }, async (t) => {
  const { bench, sql, connection } = await opened(t);
  const { clock } = bench;
  const [one, other] = [keepPartitions(clock, nobody), keepPartitions(clock, nobody)];
  const record = () => bench.one({ type: 'record', events: [started(clock.now())] });
  await record();
  assert.deepEqual(await made(sql), ['event_0', 'event_kept', 'event_default']);
  await one.keep(connection, clock.now());
  const names = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => `event_${n}`);
  assert.deepEqual(await made(sql), [...names, 'event_kept', 'event_default']);
  await record();
  assert.deepEqual(await filled(sql, 'event'), ['event_0: 2']);
  clock.advance(DAY);
  for (const keeper of [one, other]) await keeper.keep(connection, clock.now());
  await record();
  assert.deepEqual(await filled(sql, 'event'), ['event_0: 2', 'event_1: 1'], 'one has begun the day');
  const place = await sql.get('SELECT max(place) AS place FROM event');
  assert.equal(place?.['place'], PLACES);
  clock.advance(2 * MINUTE);
  await one.keep(connection, clock.now());
  assert.equal((await made(sql)).length, 11, 'seven ahead again');
  const of = await sql.all('SELECT * FROM trail_partition ORDER BY n LIMIT 2');
  const [begun, second] = [clock.now() - DAY - 2 * MINUTE, clock.now() - 2 * MINUTE];
  assert.deepEqual(of, [
    { n: 0, begun_at: begun, ended_at: begun },
    { n: 1, begun_at: second, ended_at: null },
  ]);
});

test('a partition has the indexes of the trail', { skip }, async (t) => {
  const { bench, sql, connection } = await opened(t);
  await keepPartitions(bench.clock, nobody).keep(connection, bench.clock.now());
  const indexesOf = async (table: string): Promise<readonly string[]> => {
    const rows = await sql.all('SELECT indexdef FROM pg_indexes WHERE tablename = $1', table);
    // From the method on: names of indexes differ.
    return rows.map((row) => String(row['indexdef']).replace(/^.* (?=USING )/, '')).sort();
  };
  for (const table of ['event', 'term']) {
    const indexes = await indexesOf(table);
    assert.ok(indexes.length > 0);
    for (const n of ['0', '1', 'kept', 'default'])
      assert.deepEqual(await indexesOf(`${table}_${n}`), indexes, `${table}_${n}`);
  }
});

/** Partitions that were read in this transaction. */
const READ =
  'SELECT relname AS name FROM pg_stat_xact_user_tables WHERE idx_scan > 0 OR seq_scan > 0 ORDER BY length(relname), relname';

test('partitions are left out where the places are known', { skip }, async (t) => {
  const { bench, database, connection } = await opened(t);
  const { clock } = bench;
  const keeper = keepPartitions(clock, nobody);
  const term = { kind: 'address', address: 'bob@example.net' } as const;
  for (let day = 0; day < 4; day += 1) {
    await keeper.keep(connection, clock.now());
    await delivered(bench, findable);
    while ((await bench.idle()) === true);
    clock.advance(DAY);
  }
  await delivered(bench, findable);
  /** Over a connection that has read nothing before. */
  const readBy = async (work: (its: Connection) => Promise<unknown>): Promise<string> => {
    const its = await connect(database.server, { clock });
    try {
      await its.exec('BEGIN');
      await work(its);
      const rows = await sqlOver(its).all(READ);
      const names = rows.map((row) => String(row['name']));
      return names.filter((name) => /^(event|term)/.test(name)).join(' ');
    } finally {
      await its.close();
    }
  };
  const between = { above: PLACES, below: 2 * PLACES };
  const [first] = await bench.lookups.chains();
  assert.ok(first);
  const { chain, head } = first;
  const recent = new RecentTerms();
  recent.push({ sequence: head.sequence + 1, terms: [indexTerm(term)] });
  const byWord = await readBy(async (its) => {
    for await (const row of newestNaming(sqlOver(its), [indexTerm(term)], between)) assert.ok(row);
  });
  assert.deepEqual(
    {
      // The tails of chains are looked through by their numbers, in all of them.
      word: byWord.replaceAll(/ event_\w+/g, ''),
      // What is of a message is found by its id in all of them: bounded by places, too, one of them may be walked.
      index: await readBy((its) => indexSlice(its, { chain, from: head.sequence, max: 9, recent })),
    },
    { word: 'term_1', index: 'event_3' },
  );
});

test('a clock that was wrong keeps no partition going', { skip }, async (t) => {
  const { bench, sql, connection } = await opened(t);
  const { clock } = bench;
  const now = clock.now();
  const keeper = keepPartitions(clock, nobody);
  const begunAfter = async (at: number): Promise<unknown> => {
    clock.advance(MINUTE);
    await keeper.keep(connection, at);
    return (await sql.get('SELECT max(n) AS n FROM trail_partition WHERE begun_at IS NOT NULL'))?.['n'];
  };
  const seen = [];
  for (const at of [now, now + 400 * DAY, now + 400 * DAY + HOUR, now + HOUR, now + DAY])
    seen.push(await begunAfter(at));
  assert.deepEqual(seen, [0, 1, 1, 2, 3]);
});

test(
  'what is kept for long has partitions of several days, so that there are never many',
  { skip },
  async (t) => {
    const days = [7, 30, 31, 32, 365, 3650].map((kept) => daysOf(kept * DAY));
    assert.deepEqual(days, [1, 1, 1, 2, 12, 118]);
    const { bench, sql, connection } = await opened(t);
    const { clock } = bench;
    const keeper = keepPartitions(clock, nobody);
    await setDaysEach(sql, 3);
    await keeper.keep(connection, clock.now());
    assert.equal((await made(sql)).length, 6, 'three of three days ahead');
    const begun = [];
    for (let day = 1; day <= 6; day += 1) {
      clock.advance(DAY);
      await keeper.keep(connection, clock.now());
      const { n } =
        (await sql.get('SELECT max(n) AS n FROM trail_partition WHERE begun_at IS NOT NULL')) ?? {};
      begun.push(n);
    }
    assert.deepEqual(begun, [0, 0, 1, 1, 1, 2]);
  },
);

test('what has no partition is kept all the same, and told of', { skip }, async (t) => {
  const { bench, sql, connection } = await opened(t);
  const { clock } = bench;
  const told: string[] = [];
  const keeper = keepPartitions(clock, (because) => told.push(because));
  await keeper.keep(connection, clock.now());
  await connection.exec(
    [1, 2, 3, 4, 5, 6, 7].map((n) => `DROP TABLE event_${n}; DROP TABLE term_${n};`).join(''),
  );
  clock.advance(DAY);
  await keeper.keep(connection, clock.now());
  const id = await delivered(bench, findable);
  while ((await bench.idle()) === true);
  assert.deepEqual(await filled(sql, 'event'), ['event_default: 5']);
  for (const { why, term } of findableTerms) assert.deepEqual(await bench.findIds(term, 9), [id], why);
  assert.deepEqual(told, []);
  clock.advance(2 * MINUTE);
  await keeper.keep(connection, clock.now());
  assert.match(told.join(), /^events stand in the table event_default/);
  // The next ones are beyond it.
  clock.advance(DAY);
  for (let count = 0; count < 8; count += 1) {
    clock.advance(DAY);
    await keeper.keep(connection, clock.now());
  }
  await bench.one({ type: 'record', events: [started(clock.now())] });
  assert.equal((await filled(sql, 'event')).length, 2);
  assert.equal((await verifyTrail(bench.lookups)).broken, undefined);
});

test('a long look at the trail puts the partitions off, and holds up no mail', { skip }, async (t) => {
  const { bench, sql, connection } = await opened(t);
  const keeper = keepPartitions(bench.clock, nobody);
  await sql.run('BEGIN');
  await sql.all('SELECT 1 FROM event');
  const kept = keeper.keep(connection, bench.clock.now());
  const accepted = bench.accepted();
  await assert.rejects(kept, isInTheWay);
  await accepted;
  await sql.run('COMMIT');
  await keeper.keep(connection, bench.clock.now());
  assert.equal((await made(sql)).length, 3, 'not at once again');
  bench.clock.advance(MINUTE);
  await keeper.keep(connection, bench.clock.now());
  assert.equal((await made(sql)).length, 10);
});

test(
  'a trail that was begun before there were partitions is brought forward as it is',
  { skip },
  async () => {
    await using database = await emptyDatabase();
    const connection = await connect(serverOf(database), { clock: virtualClock() });
    await migrate(connection, { to: { steps: steps.slice(0, 1), breaking } });
    await connection.exec(`
    INSERT INTO chain (name, started_at, indexed) VALUES ('one', 1, 2), ('two', 2, 0);
    INSERT INTO event (chain, sequence, time, type, message_id, content_hash, link)
      VALUES (1, 1, 5, 'accepted', 'm1', '', ''), (2, 1, 6, 'started', NULL, '', ''), (1, 2, 7, 'relayed', 'm1', '', '');
    INSERT INTO term VALUES ('address:a@x.example', 1)`);
    const all = async (of: string) => (await connection.query(of)).rows;
    const before = [await all('SELECT * FROM event ORDER BY place'), await all('SELECT * FROM term')];
    await migrate(connection);
    assert.deepEqual(
      [await all('SELECT * FROM event ORDER BY place'), await all('SELECT * FROM term')],
      before,
    );
    assert.deepEqual(await all('SELECT id, indexed_place FROM chain ORDER BY id'), [
      { id: 1, indexed_place: 3 },
      { id: 2, indexed_place: 0 },
    ]);
    await migrate(connection);
    await connection.exec(
      "INSERT INTO event (chain, sequence, time, type, content_hash, link) VALUES (2, 2, 8, 'started', '', '')",
    );
    assert.deepEqual(await all('SELECT max(place) AS place FROM event_0'), [{ place: 4 }]);
    await connection.close();
  },
);

test(
  'a node that does not own the tables says so when nobody else keeps them, and goes on',
  { skip },
  async (t) => {
    const { bench, database, sql, connection } = await opened(t);
    const role = `plain_${database.server.database}`;
    await sql.run(`CREATE ROLE ${role} LOGIN`);
    await sql.run(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role}`);
    const plain = await connect({ ...database.server, user: role }, { clock: bench.clock });
    const told: string[] = [];
    const keeper = keepPartitions(bench.clock, (because) => told.push(because));
    await keepPartitions(bench.clock, assert.fail).keep(connection, bench.clock.now());
    await keeper.keep(plain, bench.clock.now());
    assert.deepEqual(told, []);
    bench.clock.advance(2 * DAY);
    await keeper.keep(plain, bench.clock.now());
    assert.match(told.join(), /^nobody makes partitions of the trail/);
    await plain.close();
    await sql.run(`DROP OWNED BY ${role}`);
    await sql.run(`DROP ROLE ${role}`);
  },
);
