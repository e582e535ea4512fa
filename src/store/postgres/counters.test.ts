// Counters of sending limits that several writers keep: what each may accept, what stands in the table by when, and what is lost with a writer.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { HOUR, START, virtualClock, type VirtualClock } from '../store.contract-fixtures.ts';
import { connect } from './connection.ts';
import { type Asked, type Counters, COUNTERS_EVERY_MS, openCounters } from './counters.ts';
import { freshDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';
import { type Sql, sqlOver } from './sql.ts';

const skip = withoutPostgres;
const LIMIT = 10;
const MONTH = 30 * 24 * HOUR;

interface Table {
  readonly clock: VirtualClock;
  readonly sql: Sql;
  writer(name: string, keptMax?: number): Writer;
  /** Writers that have a row. */
  rows(identityId?: string): Promise<readonly unknown[]>;
}

interface Writer {
  readonly counters: Counters;
  /** Charges as often as may be, and so often at most, one message each; gives how often it was. */
  charge(times: number, identityId?: string): Promise<number>;
}

async function table(t: TestContext): Promise<Table> {
  const database = await freshDatabase();
  const clock = virtualClock();
  const connection = await connect(database.server, { clock });
  t.after(async () => {
    await connection.close();
    await database.drop();
  });
  const sql = sqlOver(connection);
  return {
    ...{ clock, sql },
    writer(name, keptMax) {
      const counters = openCounters(name, clock, keptMax);
      return {
        counters,
        charge: (times, identityId) => chargeBy({ counters, clock, sql }, times, identityId),
      };
    },
    async rows(identityId = 'i1') {
      const all = await sql.all(
        'SELECT writer, charges FROM counter WHERE identity_id = $1 ORDER BY writer',
        identityId,
      );
      return all.map(({ writer, charges }) => `${String(writer)} ${String(charges)}`);
    },
  };
}

async function chargeBy(
  { counters, clock, sql }: Pick<Table, 'clock' | 'sql'> & Pick<Writer, 'counters'>,
  times: number,
  identityId = 'i1',
): Promise<number> {
  for (let count = 0; count < times; count += 1) {
    const at = clock.now();
    const asked: Asked = {
      identityId,
      charge: { at, recipients: 1, nullSender: false },
      limits: { messagesPerHour: LIMIT },
    };
    const charging = counters.begin();
    const judge = () => charging.charge(asked);
    const judged = judge() ?? (await counters.look({ sql, now: at }, [asked]).then(judge));
    assert.ok(judged);
    if (judged.type === 'limited') return count;
    const statement = charging.statement();
    if (statement !== undefined) await sql.run(statement.sql, ...statement.values);
    charging.committed();
  }
  return times;
}

test(
  'two writers share a limit, and go beyond it only by what they accept in a second',
  { skip },
  async (t) => {
    const { writer, clock } = await table(t);
    const [one, other] = [writer('a'), writer('b')];
    assert.equal(await one.charge(4), 4);
    assert.equal(
      await other.charge(99),
      LIMIT - 1,
      'it knows of the first charge, which was written with its commit',
    );
    assert.equal(await one.charge(99), LIMIT - 4, 'it knows of none');
    clock.advance(COUNTERS_EVERY_MS);
    assert.equal(await other.charge(1), 0);
    assert.equal(await one.charge(1), 0);
  },
);

test('a second later each knows what the other had counted', { skip }, async (t) => {
  const { writer, sql, clock } = await table(t);
  const [one, other] = [writer('a'), writer('b')];
  assert.deepEqual([await one.charge(4), await other.charge(1)], [4, 1]);
  clock.advance(COUNTERS_EVERY_MS);
  for (const { counters } of [one, other]) assert.equal(await counters.flush(sql), false);
  assert.deepEqual([await one.charge(2), await other.charge(99)], [2, 5]);
  clock.advance(COUNTERS_EVERY_MS);
  for (const { counters } of [one, other]) await counters.flush(sql);
  assert.deepEqual([await one.charge(99), await other.charge(99)], [0, 0]);
});

test(
  'a row is written with the first charge, then once a second, and when all is to be written',
  { skip },
  async (t) => {
    const { writer, sql, rows, clock } = await table(t);
    const { charge, counters } = writer('a');
    const seen: unknown[] = [];
    const look = async () => seen.push(...(await rows()));
    await charge(1);
    await look();
    await charge(2);
    assert.equal(await counters.flush(sql), true, 'in a moment');
    await look();
    clock.advance(COUNTERS_EVERY_MS);
    await charge(1);
    await look();
    await charge(1);
    await counters.flush(sql, 'all');
    await look();
    await charge(1);
    clock.advance(COUNTERS_EVERY_MS);
    assert.equal(await counters.flush(sql), false);
    await look();
    assert.deepEqual(seen, ['a 1', 'a 1', 'a 4', 'a 5', 'a 6']);
  },
);

test('the next life counts what the one before had written, and adds its own', { skip }, async (t) => {
  const { writer, sql, rows } = await table(t);
  const before = writer('a');
  await before.charge(4);
  await before.counters.flush(sql, 'all');
  await before.charge(2);
  const next = writer('b');
  assert.equal(await next.charge(99), LIMIT - 4, 'what came within a second went with it');
  await next.counters.flush(sql, 'all');
  assert.deepEqual(await rows(), ['a 4', 'b 6']);
});

test('what is undone is not counted, and what two connections count at once is', { skip }, async (t) => {
  const { writer, sql, rows, clock } = await table(t);
  const { counters, charge } = writer('a');
  await charge(1);
  clock.advance(COUNTERS_EVERY_MS);
  const asked: Asked = {
    identityId: 'i1',
    charge: { at: clock.now(), recipients: 1, nullSender: false },
    limits: {},
  };
  await counters.look({ sql, now: clock.now() }, [asked]);
  const [undone, one, other] = [counters.begin(), counters.begin(), counters.begin()];
  for (const charging of [undone, one, one, other]) assert.equal(charging.charge(asked)?.type, 'charged');
  const statements = [one, other].map((charging) => charging.statement());
  for (const statement of statements) await sql.run(statement?.sql ?? '', ...(statement?.values ?? []));
  for (const charging of [other, one]) charging.committed();
  assert.deepEqual(await rows(), ['a 3'], 'the one that knows of more stays');
  assert.equal(await charge(99), LIMIT - 4);
  await counters.flush(sql, 'all');
  assert.deepEqual(await rows(), [`a ${LIMIT}`]);
});

test(
  'rows that count no more go when their identity sends again, but none that was written since',
  { skip },
  async (t) => {
    const { writer, sql, rows, clock } = await table(t);
    await writer('a').charge(1);
    const alive = writer('b');
    await alive.charge(1);
    await writer('c').charge(1, 'i2');
    clock.advance(MONTH);
    const at = clock.now();
    const asked: Asked = { identityId: 'i1', charge: { at, recipients: 1, nullSender: false }, limits: {} };
    const whileOtherWrites: Sql = {
      ...sql,
      async all(...query) {
        const found = await sql.all(...query);
        await alive.charge(1);
        return found;
      },
    };
    await writer('d').counters.look({ sql: whileOtherWrites, now: at }, [asked]);
    assert.deepEqual(await rows(), ['b 2']);
    await writer('d').charge(1);
    assert.deepEqual(await rows(), ['b 2', 'd 1']);
    assert.deepEqual(await rows('i2'), ['c 1']);
  },
);

test(
  'beyond what memory keeps counters are read again, and none is forgotten that is not written',
  { skip },
  async (t) => {
    const { writer, sql, rows, clock } = await table(t);
    const { charge, counters } = writer('a', 2);
    for (const id of ['i1', 'i1', 'i2', 'i3', 'i4', 'i1']) await charge(1, id);
    clock.advance(COUNTERS_EVERY_MS);
    for (const id of ['i5', 'i1', 'i2', 'i3']) await charge(1, id);
    await counters.flush(sql, 'all');
    const written = await Promise.all(['i1', 'i2', 'i3', 'i4', 'i5'].map((id) => rows(id)));
    assert.deepEqual(written.flat(), ['a 4', 'a 2', 'a 2', 'a 1', 'a 1']);
    assert.equal(clock.now(), START + COUNTERS_EVERY_MS);
  },
);

test('an identity is forgotten while it is charged: the charge counts', { skip }, async (t) => {
  const { writer, sql, rows, clock } = await table(t);
  for (const [name, isReadAgain] of [
    ['a', false],
    ['b', true],
  ] as const) {
    const { counters, charge } = writer(name, 1);
    await charge(1);
    clock.advance(COUNTERS_EVERY_MS - 1);
    const asked = (identityId: string): Asked => ({
      ...{ identityId, charge: { at: clock.now(), recipients: 1, nullSender: false }, limits: {} },
    });
    const pending = counters.begin();
    assert.equal(pending.charge(asked('i1'))?.type, 'charged');
    assert.equal(pending.statement(), undefined, 'its row was written a moment ago');
    clock.advance(1);
    await counters.look({ sql, now: clock.now() }, [asked('i2')]);
    if (isReadAgain) await counters.look({ sql, now: clock.now() }, [asked('i1')]);
    pending.committed();
    await counters.flush(sql, 'all');
  }
  assert.deepEqual(await rows(), ['a 2', 'b 2']);
});
