// Several nodes on one PostgreSQL.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PULSE_MS } from '../lease.ts';
import { countedEntropy, virtualClock } from '../store.contract-fixtures.ts';
import { guessesContract } from '../store.contract-guesses.ts';
import { endsContract } from '../store.contract-life-ends.ts';
import { livesContract, type OpenShared, type WriterOptions } from '../store.contract-lives.ts';
import { connect, ConnectionLost } from './connection.ts';
import { Floors, NO_FLOOR } from './floors.ts';
import { giveBackSome } from './lives.ts';
import { openPostgresLookups, openPostgresWriter, type PostgresWriter } from './open.ts';
import { freshDatabase, openInside, withoutPostgres } from './postgres.contract-fixtures.ts';

const open: OpenShared = async (ports) => {
  const { server, drop } = await freshDatabase();
  const all: PostgresWriter[] = [];
  const opened = async (options: WriterOptions): Promise<PostgresWriter> => {
    const own = { server, name: `node/${all.length}`, clockOffset: 0, isTrusted: true } as const;
    const writer = await openPostgresWriter({ ...ports, ...options, ...own });
    all.push(writer);
    return writer;
  };
  const lookups = openPostgresLookups({ server, clock: ports.clock, awayMsMax: 0 });
  return {
    lookups,
    async writer(options) {
      let writer = await opened(options);
      /** Who is taken over from is cut off, and comes back as a new thread would. */
      const again = async <T>(ask: () => Promise<T>): Promise<T> => {
        try {
          return await ask();
        } catch (error) {
          if (!(error instanceof ConnectionLost)) throw error;
          writer = await opened(options);
          return ask();
        }
      };
      return {
        apply: (changes) => again(() => writer.apply(changes, writer.laneOf(changes))),
        pulse: (life, isFirst) => again(() => writer.pulse(life, isFirst)),
        end: (life) => again(() => writer.end(life)),
      };
    },
    async close() {
      lookups.close();
      await Promise.all(all.map((writer) => writer.close()));
      await drop();
    },
  };
};

if (withoutPostgres === false) {
  livesContract('postgres', open);
  endsContract('postgres', open);
  guessesContract('postgres', open);
}

/** Of a node that is heard no more. */
const SILENT = `INSERT INTO life (node, incarnation, state, until, steady_since, process_ids, process_since)
  SELECT $1, '1', 'alive', until, until, $2::int[], $3::bigint[] FROM life WHERE node = 'b'`;

test(
  'who is taken over from is cut off, and nobody whose process of the server has got the same number since',
  { skip: withoutPostgres },
  async (t) => {
    const database = await freshDatabase();
    const { server } = database;
    const clock = virtualClock();
    const writer = await openPostgresWriter({
      ...{ server, clock, entropy: countedEntropy(), name: 'b/1/x', clockOffset: 0, isTrusted: true },
      onNotice: () => undefined,
    });
    const [held, beside] = [await connect(server, { clock }), await connect(server, { clock })];
    t.after(async () => {
      await Promise.all([writer.close(), held.close(), beside.close()]);
      await database.drop();
    });
    const life = { node: 'b', incarnation: '1' };
    await writer.pulse(life, true);
    const { rows } = await beside.query(
      "SELECT (SELECT process_ids::text FROM life WHERE node = 'b') AS ids, (extract(epoch FROM backend_start) * 1000000)::bigint AS since FROM pg_stat_activity WHERE pid = $1",
      held.processId,
    );
    const [{ ids, since } = {}] = rows;
    await beside.query(SILENT, 'a', [held.processId], [Number(since)]);
    await beside.query(SILENT, 'before a restart of the server', String(ids), [1, 2, 3]);
    await beside.query(SILENT, 'of the version before', String(ids), null);
    const tookOver: string[] = [];
    for (let pulses = 0; tookOver.length < 3; pulses += 1) {
      assert.ok(pulses < 100);
      clock.advance(PULSE_MS);
      const answer = await writer.pulse(life, false);
      assert.ok(answer.type === 'alive');
      tookOver.push(...answer.tookOver.map(({ node }) => node));
    }
    await assert.rejects(held.query('SELECT 1'), ConnectionLost);
    assert.deepEqual(await writer.apply([{ type: 'record', events: [] }], 0), [{ type: 'recorded' }]);
  },
);

test(
  'postgres: much that a dead node had in hand is given back in parts',
  { skip: withoutPostgres },
  async (t) => {
    const { bench, database, sql } = await openInside(t);
    const connection = await connect(database.server, { clock: bench.clock });
    t.after(() => connection.close());
    for (let count = 0; count < 250; count += 1) await bench.accepted({ owner: 'n/i/1.1' });
    await sql.run(
      "INSERT INTO life (node, incarnation, state, until, steady_since) VALUES ('n', 'i', 'dead', $1, 0)",
      bench.clock.now(),
    );
    // Each transaction takes 600 ms.
    let time = 0;
    const clock = { monotonic: () => (time += 600) };
    const floors = new Floors();
    const now = bench.clock.now();
    floors.looked([{ domain: 'd', oldest: now, taken: 1 }], now);
    const giveBack = () => giveBackSome(connection, { now, clock, floors, onNotice: () => undefined });
    const left = async () => (await sql.all('SELECT id FROM inflight')).length;
    assert.deepEqual([await giveBack(), await left()], [true, 50]);
    assert.deepEqual([await giveBack(), await left()], [false, 0]);
    assert.equal(floors.of('d', now), NO_FLOOR, 'it is due as it was before');
  },
);
