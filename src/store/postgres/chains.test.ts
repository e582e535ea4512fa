// Chains of several writers in one register: a walk through all of them, and what becomes of those whose writers are gone.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { verifyTrail } from '../../audit/verify.ts';
import type { EventDraft } from '../../record/events.ts';
import type { Cursor, Lookups } from '../lookups.ts';
import type { Store } from '../port.ts';
import { text } from '../row.ts';
import { Bench, START, started } from '../store.contract-fixtures.ts';
import { keepChains } from './chains.ts';
import { type Answer, connect, type PostgresServer } from './connection.ts';
import { COUNTERS_EVERY_MS } from './counters.ts';
import { freshDatabase, openIn, withoutPostgres } from './postgres.contract-fixtures.ts';
import type { OpenPostgresStore } from './open.ts';

const skip = withoutPostgres;

interface Inside {
  readonly bench: Bench;
  readonly server: PostgresServer;
  /** Over a connection of its own: a restart cuts all that are there. */
  ask(sql: string): Promise<Answer>;
  inside(): OpenPostgresStore;
  /** The register in words: number, how many events are indexed and there, whether it is closed. */
  chains(): Promise<readonly string[]>;
}

async function openInside(t: TestContext): Promise<Inside> {
  const database = await freshDatabase();
  let within: ReturnType<typeof openIn> | undefined;
  const bench = await Bench.open((options) => {
    within = openIn(database, options);
    return within.opened();
  });
  t.after(() => bench[Symbol.asyncDispose]());
  const ask = async (sql: string): Promise<Answer> => {
    const connection = await connect(database.server, { clock: bench.clock });
    return connection.query(sql).finally(() => void connection.close());
  };
  return {
    ...{ bench, ask, server: database.server },
    inside() {
      assert.ok(within);
      return within.inside();
    },
    async chains() {
      const { rows } = await ask(`
        SELECT concat_ws(' ', c.id || ':', c.indexed, 'of', (SELECT count(*) FROM event e WHERE e.chain = c.id),
            CASE WHEN c.head IS DISTINCT FROM nullif(c.indexed, 0) THEN 'head elsewhere' END, CASE WHEN c.closed THEN 'closed' END) AS told
          FROM chain c ORDER BY c.id`);
      return rows.map((row) => text(row, 'told'));
    },
  };
}

const at = (minute: number): EventDraft => ({ ...started(START + minute), identityId: `i${minute}` });

async function record(store: Store, ...minutes: readonly number[]): Promise<void> {
  await store.commit([{ type: 'record', events: minutes.map(at) }]);
}

/** Times of the events of a walk, and where it ended. */
async function walk(
  lookups: Lookups,
  after?: Cursor,
): Promise<readonly [readonly number[], Cursor | undefined]> {
  const minutes: number[] = [];
  let cursor = after;
  for (;;) {
    const page = await lookups.events({ max: 2, ...(cursor === undefined ? {} : { after: cursor }) });
    minutes.push(...page.map(({ time }) => time - START));
    cursor = page.at(-1)?.cursor ?? cursor;
    if (page.length < 2) return [minutes, cursor];
  }
}

test('a walk that goes on misses nothing that was written to any chain since', { skip }, async (t) => {
  const { bench, chains, inside } = await openInside(t);
  const [one, other] = await bench.both();
  await record(one, 1, 2, 3);
  await record(other, 4, 5);
  const [first, end] = await walk(bench.lookups);
  assert.deepEqual(first, [1, 2, 3, 4, 5]);
  await record(other, 6);
  await record(one, 7);
  const [second, later] = await walk(bench.lookups, end);
  assert.deepEqual(second, [7, 6]);
  assert.deepEqual(await walk(bench.lookups, later), [[], later], 'nothing is told twice');
  // Wherever it had stopped: the rest, each once.
  const all = await bench.lookups.events({ max: 99 });
  for (const [index, { cursor }] of all.entries()) {
    const [rest] = await walk(bench.lookups, cursor);
    const expected = all.slice(index + 1).map(({ time }) => time - START);
    assert.deepEqual(rest, expected, `after ${index}`);
  }
  // A chain that was not seen yet when a later one was read.
  assert.deepEqual((await walk(bench.lookups, '3:3'))[0], [1, 2, 3, 7]);
  // Chains that have ended, and a new one.
  await bench.restart();
  await record(bench.store, 8);
  for (let count = 0; count < 3; count += 1) await inside().writer.idle();
  assert.deepEqual((await chains()).slice(0, 2), ['1: 4 of 4 closed', '2: 0 of 0 closed']);
  assert.deepEqual((await walk(bench.lookups, later))[0], [8]);
  const [whole, last] = await walk(bench.lookups);
  assert.deepEqual(whole, [1, 2, 3, 7, 4, 5, 6, 8]);
  assert.deepEqual(await walk(bench.lookups, last), [[], last]);
});

test(
  'chains of a writer whose connections are gone are indexed and closed by another',
  { skip },
  async (t) => {
    const { bench, chains, inside } = await openInside(t);
    await record(bench.store, 1, 2);
    await inside().writer.indexTail(1);
    await record(bench.store, 3);
    assert.deepEqual(await chains(), ['1: 1 of 3', '2: 0 of 0']);
    await bench.restart();
    await record(bench.store, 4);
    const found = async () =>
      (await bench.lookups.findEvents([{ kind: 'identity', identityId: 'i2' }], { max: 9 })).events.length;
    assert.equal(await found(), 1);
    // An event in the tail is indexed first.
    await inside().writer.idle();
    assert.deepEqual((await chains()).slice(0, 3), ['1: 3 of 3', '2: 0 of 0', '3: 1 of 1']);
    await inside().writer.idle();
    assert.deepEqual(await chains(), ['1: 3 of 3 closed', '2: 0 of 0 closed', '3: 1 of 1', '4: 0 of 0']);
    assert.equal(await found(), 1);
    assert.equal((await verifyTrail(bench.lookups)).broken, undefined);
  },
);

test('a chain that was taken for a dead one is opened again by its writer', { skip }, async (t) => {
  const { bench, server, chains, ask, inside } = await openInside(t);
  await record(bench.store, 1);
  // As where a pooler gives the session another process.
  await ask('UPDATE chain SET pid = 0, closed = true WHERE id = 1');
  await inside().writer.indexTail(9);
  assert.deepEqual((await chains())[0], '1: 1 of 1');
  const elsewhere = await connect(server, { clock: bench.clock });
  await keepChains(bench.clock, () => []).keep(elsewhere);
  await elsewhere.close();
  assert.deepEqual((await chains())[0], '1: 1 of 1', 'its process tells nothing');
});

test('a writer that is closed leaves its chains indexed, and closed', { skip }, async (t) => {
  const { bench, chains, inside } = await openInside(t);
  await record(bench.store, 1, 2);
  await inside().writer.close();
  assert.deepEqual(await chains(), ['1: 2 of 2 closed', '2: 0 of 0 closed']);
});

test('what waits to be indexed holds up no other work of idle times', { skip }, async (t) => {
  const { bench, ask, inside } = await openInside(t);
  const charged = { identityId: 'i1', charge: { identityId: 'i1', limits: {} } };
  for (let count = 0; count < 2; count += 1) await bench.accepted(charged);
  bench.clock.advance(COUNTERS_EVERY_MS - 1);
  await inside().writer.idle();
  bench.clock.advance(1);
  await record(bench.store, 1);
  assert.equal(await inside().writer.idle(), true, 'in a moment');
  assert.equal((await ask('SELECT charges FROM counter')).rows[0]?.['charges'], 2);
});
