// A copy of a store is what the store was, in every direction; one that was cut off goes on; and nothing else is written over.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { verifyTrail } from '../audit/verify.ts';
import { systemClock } from '../platform/clock.ts';
import { copyAll } from './copy.ts';
import {
  type EngineName,
  everythingOf,
  fill,
  placeOf,
  postgresPlace,
  sqlitePlace,
  type TestPlace,
} from './copy.contract-fixtures.ts';
import { openPostgresStore } from './postgres/open.ts';
import { withoutPostgres } from './postgres/postgres.contract-fixtures.ts';
import { differenceOf } from './same-rows.ts';
import { withCredentials } from './shown-identity.ts';
import {
  type Bench,
  changed,
  countedEntropy,
  final,
  identityOf,
  keyOf,
  settleOf,
  START,
  started,
} from './store.contract-fixtures.ts';
import { type Copied, type KeptRows, originOf } from './transfer.ts';

const ways: readonly (readonly [EngineName, EngineName])[] = [
  ['sqlite', 'postgres'],
  ['postgres', 'sqlite'],
  ['sqlite', 'sqlite'],
  ['postgres', 'postgres'],
];

for (const [from, to] of ways)
  test(`a copy from ${from} to ${to} keeps all that was kept`, { skip: withoutPostgres }, async (t) => {
    const [source, target] = [await placeOf(t, from), await placeOf(t, to)];
    const before = await within(source, async (bench) => {
      await fill(bench);
      return everythingOf(bench.lookups);
    });
    await between(source, target, async (kept, copied) => {
      const counts = await kept.counts();
      await copyAll(kept, copied, { counts, pageMax: 3 });
      assert.deepEqual(await everythingOf(copied.lookups), before);
      assert.equal(await differenceOf(kept, copied, { counts }), undefined);
      await assertHolds(copied.lookups);
      await copied.finish(started(START), countedEntropy());
    });
    const left = await within(source, leave);
    await within(target, async (bench) => {
      await assertHolds(bench.lookups);
      assert.deepEqual(await leave(bench), left);
      await assertHolds(bench.lookups);
    });
  });

async function within<T>(place: TestPlace, use: (bench: Bench) => Promise<T>): Promise<T> {
  await using bench = await place.open();
  return await use(bench);
}

async function between<T>(
  from: TestPlace,
  to: TestPlace,
  use: (source: KeptRows, target: Copied) => Promise<T>,
): Promise<T> {
  const source = await from.transfer.source();
  try {
    const target = await to.transfer.target(await originOf(source));
    try {
      return await use(source, target);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function assertHolds(lookups: KeptRows['lookups']): Promise<void> {
  const { broken } = await verifyTrail(lookups);
  assert.equal(broken, undefined, JSON.stringify(broken));
}

/** What goes out once nobody is under way and all is released, and what is left then. */
async function leave(bench: Bench): Promise<unknown> {
  const { clock } = bench;
  await bench.one({ type: 'free', ownerPrefix: '', dueAt: clock.now() });
  clock.advance(86_400_000);
  const out = [];
  for (const round of ['held', 'released']) {
    const deliveries = await bench.claim('m/1/1');
    // Engines may give what is due at the same time in another order.
    out.push(
      round,
      deliveries.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)),
    );
    for (const alike of Map.groupBy(deliveries, ({ messageId }) => messageId).values())
      assert.equal((await bench.one(settleOf('m/1/1', alike, final, clock.now()))).type, 'settled');
    for (const to of ['held@y.example', 'review@y.example'])
      await bench.one({ type: 'queue', action: 'release', selector: { to }, now: clock.now(), by: 'root' });
  }
  const eve = await bench.lookups.identityByLogin('eve@x.example');
  assert.ok(eve);
  await bench.written(changed(withCredentials(eve), { state: 'active' }));
  // It was put aside.
  const resumed = await bench.claim('m/1/1');
  assert.deepEqual(resumed.map(({ recipient }) => recipient.forwardPath).sort(), [
    ...['p1@y.example', 'p2@z.example', 'p3@y.example'],
  ]);
  const due = await bench.one({ type: 'dueNotices', putOffMs: 1, max: 10 });
  return { out, due, left: await bench.queued(), totals: await bench.lookups.queueTotals() };
}

for (const [from, to] of ways.slice(0, 2))
  test(
    `a copy from ${from} to ${to} that is killed again and again goes on`,
    {
      skip: withoutPostgres,
    },
    async (t) => {
      const [source, target] = [await placeOf(t, from), await placeOf(t, to)];
      await within(source, fill);
      const killed = { pages: 0, bodies: 0 };
      for (let isDone = false; !isDone;)
        await between(source, target, async (kept, copied) => {
          const counts = await kept.counts();
          try {
            await copyAll(kept, killing(copied, killed), { counts, pageMax: 2 });
            isDone = true;
          } catch (error) {
            assert.equal(error, KILLED);
            return;
          }
          assert.equal(await differenceOf(kept, copied, { counts }), undefined);
          await assertHolds(copied.lookups);
        });
      assert.ok(killed.pages > 8, `${killed.pages} times`);
      assert.equal(killed.bodies, 1);
    },
  );

const KILLED = new Error('killed');

/** In the middle of the first body, and behind each second page. */
function killing(copied: Copied, killed: { pages: number; bodies: number }): Copied {
  let pages = 0;
  return {
    ...copied,
    async write(kind, page, bodyOf) {
      await copied.write(kind, page, async function* (message) {
        for await (const piece of bodyOf(message)) {
          yield piece;
          if (killed.bodies === 1) continue;
          killed.bodies += 1;
          throw KILLED;
        }
      });
      pages += 1;
      if (pages < 2) return;
      killed.pages += 1;
      throw KILLED;
    },
  };
}

/** The first message says why. */
async function assertRefused(work: Promise<{ close(): Promise<void> }>, because: RegExp): Promise<void> {
  await assert.rejects(
    work.then((opened) => opened.close()),
    because,
  );
}

for (const engine of ['sqlite', 'postgres'] as const) {
  test(
    `a copy into ${engine} that is not done is no store yet, and goes on from its own source alone`,
    {
      skip: withoutPostgres,
    },
    async (t) => {
      const [source, target] = [await sqlitePlace(t), await placeOf(t, engine)];
      await within(source, fill);
      await between(source, target, async () => undefined);
      await assert.rejects(target.open(), /holds a copy of another store that is not done/);
      await assertRefused(target.transfer.source(), /holds a copy of another store that is not done/);
      await within(source, (bench) => bench.one({ type: 'record', events: [started(bench.clock.now())] }));
      await assert.rejects(
        between(source, target, async () => undefined),
        /begun of another store, or of this one as it was before/,
      );
    },
  );

  test(`a copy is not written over a store on ${engine}`, { skip: withoutPostgres }, async (t) => {
    const target = await placeOf(t, engine);
    await within(target, (bench) => bench.written(identityOf('al@x.example')));
    await assertRefused(target.transfer.target('x'), /holds a store already/);
  });

  test(`an empty store on ${engine} can be the target of a copy`, { skip: withoutPostgres }, async (t) => {
    const [source, target] = [await sqlitePlace(t), await placeOf(t, engine)];
    await within(source, fill);
    await within(target, async () => undefined);
    await between(source, target, async (kept, copied) => {
      await copyAll(kept, copied, { counts: await kept.counts() });
      await assertHolds(copied.lookups);
    });
  });
}

test('nobody works on a store while it is copied', { skip: withoutPostgres }, async (t) => {
  const [embedded, shared] = [await sqlitePlace(t), await postgresPlace(t)];
  await within(embedded, fill);
  const source = await embedded.transfer.source();
  await assertRefused(embedded.transfer.source(), /another Postern uses/);
  await source.close();
  const copied = await shared.transfer.target('x');
  await assertRefused(shared.transfer.target('x'), /another copy is at work on this database/);
  await copied.close();
});

test(
  'a node that is alive keeps its database from being copied, and is named',
  { skip: withoutPostgres },
  async (t) => {
    const { transfer, server } = await postgresPlace(t);
    const { writer, close } = await openPostgresStore({
      ...{ server, name: 'node/1', clock: systemClock, entropy: countedEntropy(), isTrusted: true },
    });
    await writer.pulse({ node: 'mail1', incarnation: '1' }, true);
    await assertRefused(transfer.source(), /node mail1 works on it, or did a moment ago: stop all nodes/);
    await assertRefused(transfer.target('x'), /node mail1 works on it, or did a moment ago: stop all nodes/);
    await close();
  },
);

test('there is nothing to copy where no store is', { skip: withoutPostgres }, async (t) => {
  const { transfer, directory } = await sqlitePlace(t);
  await assertRefused(transfer.source(), /there is no store in/);
  assert.deepEqual(readdirSync(directory), []);
});
