// Three nodes on one PostgreSQL under load, and what can happen to them: nothing promised is lost, and all of it is delivered in time (`nodes.ts`).

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { after, before, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Proxy } from '../postgres/proxy.ts';
import { type Aftermath, type Nodes, startNodes, takenOver, through } from './nodes.ts';
import { type PostgresCluster, startPostgres, withoutDebianPostgres } from './postgres.ts';
import { eventually } from './server.ts';

/** All of it takes minutes: a part runs with all system tests. */
const skip = withoutDebianPostgres;
const skipUnlessAll =
  skip === false && process.env['POSTERN_NODES'] === undefined ? 'npm run nodes runs it' : skip;
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
  const { promised, refused, latestMs, copies, fenced } = all;
  t.diagnostic(
    `${promised} promised, ${refused.length} refused, the latest delivered after ${latestMs} ms, ${copies} sent twice, ${fenced} ends too late`,
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
      return { beganAt: endedAt, endedAt, faulty: [first], killed: true };
    }),
  );
  assert.equal(takenOver(nodes), before + 1);
});

test(
  'a node is stopped for longer than its lease, and goes on: others have sent what it held, and what it settles late is counted',
  { skip },
  async (t) => {
    const [first] = nodes.all;
    const before = takenOver(nodes);
    const { fenced, copies } = tell(
      t,
      await through(nodes, 'frozen', async () => {
        const { pid } = first.server;
        // So that there is a message whose end was sent, and whose reply comes when others have sent it.
        const release = nodes.hop.hold(first.number);
        try {
          await eventually('an end without a reply', 30, () => nodes.hop.untold > 0);
          const beganAt = performance.now();
          process.kill(pid, 'SIGSTOP');
          await takeover(before);
          return { beganAt, endedAt: performance.now(), faulty: [first] };
        } finally {
          release();
          process.kill(pid, 'SIGCONT');
        }
      }),
    );
    assert.ok(fenced > 0 && copies > 0);
    assert.equal(takenOver(nodes), before + 1);
    assert.equal(
      first.said('this node was away, and others took over what it had under way: it begins anew'),
      1,
    );
  },
);

const [faketime] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
const skipWithoutFaketime =
  faketime === undefined
    ? 'not installed: libfaketime (scripts/install-system-packages.sh installs it)'
    : skipUnlessAll;

for (const offset of ['+1h', '-1h'])
  test(
    `the clock of a node is an hour off (${offset}): mail goes out in time, and once; and others take over from it when it is killed`,
    { skip: skipWithoutFaketime },
    async (t) => {
      const [, , third] = nodes.all;
      const saysIt = 'the clock of this node is ahead of that of the store by so much';
      const [before, said] = [takenOver(nodes), third.said(saysIt)];
      await third.server.stop();
      await third.server.start({
        environment: {
          ...{ LD_PRELOAD: faketime ?? '', FAKETIME: offset, FAKETIME_NO_CACHE: '1' },
          ...{ FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' },
        },
      });
      const { copies } = tell(
        t,
        await through(
          nodes,
          `clock${offset.slice(1)}${offset.startsWith('-') ? 'behind' : 'ahead'}`,
          async (flows) => {
            const beganAt = performance.now();
            await flows('with a wrong clock');
            return { beganAt, endedAt: performance.now(), faulty: [] };
          },
        ),
      );
      assert.equal(copies, 0);
      assert.equal(takenOver(nodes), before, 'the stop is no loss of a node, and nobody was declared dead');
      assert.equal(third.said(saysIt), said + 1);
      tell(
        t,
        await through(
          nodes,
          `killed${offset.slice(1)}${offset.startsWith('-') ? 'behind' : 'ahead'}`,
          async () => {
            await third.server.kill();
            const endedAt = performance.now();
            await takeover(before);
            await third.server.start({});
            return { beganAt: endedAt, endedAt, faulty: [third], killed: true };
          },
        ),
      );
      assert.equal(takenOver(nodes), before + 1);
    },
  );

test('PostgreSQL is restarted, in every way', { skip: skipUnlessAll }, async (t) => {
  const before = takenOver(nodes);
  const { copies } = tell(
    t,
    await through(nodes, 'restarted', async (flows) => {
      const beganAt = performance.now();
      for (const end of [
        () => postgres.stop('fast'),
        () => postgres.stop('immediate'),
        () => postgres.kill(),
      ]) {
        await end();
        await postgres.start();
        await flows('after a restart');
      }
      return { beganAt, endedAt: performance.now(), faulty: [] };
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
    { skip: one === 'both ways' ? skip : skipUnlessAll },
    async (t) => {
      const [, second, third] = nodes.all;
      const before = takenOver(nodes);
      tell(
        t,
        await through(nodes, one.replaceAll(' ', ''), async () => {
          const beganAt = performance.now();
          await Promise.all([cuts[one]?.(second.proxy), cuts[other]?.(third.proxy)]);
          await takeover(before, 2);
          for (const { proxy } of [second, third]) proxy.thaw();
          return { beganAt, endedAt: performance.now(), faulty: [second, third] };
        }),
      );
      assert.equal(takenOver(nodes), before + 2);
    },
  );

test(
  'connections of nodes to the database break in the middle of what is written, and what was on its way comes late',
  { skip: skipUnlessAll },
  async (t) => {
    const before = takenOver(nodes);
    const { copies } = tell(
      t,
      await through(nodes, 'broken', async (flows) => {
        const beganAt = performance.now();
        for (const [at, { proxy }] of nodes.all.entries()) {
          for (const way of ['toServer', 'toClient'] as const) {
            await proxy.freezeAfter(way, 3000 + 1500 * at);
            proxy.cut('client');
            proxy.thaw();
            await flows(`after a break ${way}`);
          }
        }
        return { beganAt, endedAt: performance.now(), faulty: [] };
      }),
    );
    assert.equal(copies, 0);
    assert.equal(takenOver(nodes), before);
  },
);

test('the database is away for a minute: nobody is declared dead', { skip: skipUnlessAll }, async (t) => {
  const before = takenOver(nodes);
  const { copies } = tell(
    t,
    await through(nodes, 'away', async () => {
      const beganAt = performance.now();
      await postgres.stop();
      await delay(60_000);
      await postgres.start();
      return { beganAt, endedAt: performance.now(), faulty: [] };
    }),
  );
  assert.equal(copies, 0);
  assert.equal(takenOver(nodes), before);
});
