// Three nodes on one PostgreSQL under load, and what can happen to them: nothing promised is lost, and all of it is delivered in time (`nodes.ts`).

import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Proxy } from '../postgres/proxy.ts';
import { type Aftermath, type Nodes, startNodes, takenOver, through } from './nodes.ts';
import { type PostgresCluster, startPostgres, withoutDebianPostgres } from './postgres.ts';
import { eventually } from './server.ts';

/** It takes minutes, and counts in seconds. */
const skip = process.env['POSTERN_NODES'] === undefined ? 'npm run nodes runs it' : withoutDebianPostgres;
let postgres: PostgresCluster;
let nodes: Nodes;

before(async () => {
  if (skip !== false) return;
  postgres = await startPostgres();
  nodes = await startNodes(postgres);
});
after(async () => {
  await nodes?.[Symbol.asyncDispose]();
  await postgres?.[Symbol.asyncDispose]();
});

function tell(t: TestContext, all: Aftermath): Aftermath {
  const { promised, refused, latestMs, copies } = all;
  t.diagnostic(
    `${promised} promised, ${refused.length} refused, the latest delivered after ${latestMs} ms, ${copies} sent twice`,
  );
  for (const reply of new Set(refused.map(({ reply }) => reply))) t.diagnostic(reply);
  return all;
}

const takeover = (before: number, lives = 1): Promise<unknown> =>
  eventually('others have taken over', 25, () => takenOver(nodes) >= before + lives);

test('a node is killed: others send what it had promised', { skip }, async (t) => {
  const [first] = nodes.all;
  const before = takenOver(nodes);
  tell(
    t,
    await through(nodes, 'killed', async () => {
      await first.server.kill();
      const endedAt = performance.now();
      await takeover(before);
      await first.server.start();
      return { endedAt, faulty: [first] };
    }),
  );
  assert.equal(takenOver(nodes), before + 1);
});

test('PostgreSQL is restarted, in every way', { skip }, async (t) => {
  const before = takenOver(nodes);
  const { copies } = tell(
    t,
    await through(nodes, 'restarted', async (flows) => {
      for (const end of [
        () => postgres.stop('fast'),
        () => postgres.stop('immediate'),
        () => postgres.kill(),
      ]) {
        await end();
        await postgres.start();
        await flows('after a restart');
      }
      return { endedAt: performance.now(), faulty: [] };
    }),
  );
  assert.equal(copies, 0);
  assert.equal(takenOver(nodes), before);
});

/** How a node loses the database. */
const cuts: Readonly<Record<string, (proxy: Proxy) => Promise<void> | void>> = {
  'both ways': (proxy) => proxy.freeze(),
  'on its way there': (proxy) => proxy.freeze('toServer'),
  'on the way back': (proxy) => proxy.freeze('toClient'),
  'in the middle of what it writes': (proxy) => proxy.freezeAfter('toServer', 5000),
  'in the middle of an answer': (proxy) => proxy.freezeAfter('toClient', 150),
};

for (const [one, other] of [
  ['both ways', 'on its way there'],
  ['on the way back', 'in the middle of what it writes'],
] as const)
  test(
    `nodes are cut off from the database, ${one} and ${other}: a third sends what they had promised`,
    { skip },
    async (t) => {
      const [, second, third] = nodes.all;
      const before = takenOver(nodes);
      tell(
        t,
        await through(nodes, one.replaceAll(' ', ''), async () => {
          await Promise.all([cuts[one]?.(second.proxy), cuts[other]?.(third.proxy)]);
          await takeover(before, 2);
          for (const { proxy } of [second, third]) proxy.thaw();
          return { endedAt: performance.now(), faulty: [second, third] };
        }),
      );
      assert.equal(takenOver(nodes), before + 2);
    },
  );

test(
  'connections of nodes to the database break in the middle of what is written, and what was on its way comes late',
  { skip },
  async (t) => {
    const before = takenOver(nodes);
    const { copies } = tell(
      t,
      await through(nodes, 'broken', async (flows) => {
        for (const [at, { proxy }] of nodes.all.entries()) {
          for (const way of ['toServer', 'toClient'] as const) {
            await proxy.freezeAfter(way, 3000 + 1500 * at);
            proxy.cut('client');
            proxy.thaw();
            await flows(`after a break ${way}`);
          }
        }
        return { endedAt: performance.now(), faulty: [] };
      }),
    );
    assert.equal(copies, 0);
    assert.equal(takenOver(nodes), before);
  },
);

test('the database is away for a minute: nobody is declared dead', { skip }, async (t) => {
  const before = takenOver(nodes);
  const { copies } = tell(
    t,
    await through(nodes, 'away', async () => {
      await postgres.stop();
      await delay(60_000);
      await postgres.start();
      return { endedAt: performance.now(), faulty: [] };
    }),
  );
  assert.equal(copies, 0);
  assert.equal(takenOver(nodes), before);
});
