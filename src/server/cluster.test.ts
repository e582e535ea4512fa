// Nodes on one store: what each says of itself there, what it sees of the others, and when it warns.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { LEASE_MS, PULSE_MS } from '../store/lease.ts';
import { openMemoryStore } from '../store/memory/store.ts';
import type { Incarnation } from '../store/owner.ts';
import { countedEntropy, MINUTE, START } from '../store/store.contract-fixtures.ts';
import { differenceInWords } from './alike.ts';
import { joinCluster } from './cluster.ts';
import { LOOK_MS } from './store-looks.ts';

function cluster() {
  const clock = virtualClock(START);
  const memory = openMemoryStore({ clock, entropy: countedEntropy() });
  const said: string[] = [];
  let away: PromiseWithResolvers<never> | undefined;
  let fault: Error | undefined;
  const lookups = {
    async nodes() {
      if (fault !== undefined) throw fault;
      return away === undefined ? memory.lookups.nodes() : away.promise;
    },
  };

  function node(name: string) {
    const log = (facts: object, text: string): void =>
      void said.push(`${name}: ${text} ${JSON.stringify(facts)}`);
    const writer = memory.beside({ onNotice: () => undefined });
    const own = {
      life: { node: name, incarnation: '1' } as Incarnation,
      facts: { version: '1.2.3', roles: ['submission', 'relay'], digests: { limits: 'x' } },
      isDown: false,
      pulse: () => (own.isDown ? undefined : writer.pulse(own.life, true)),
    };
    own.pulse();
    const joined = joinCluster({
      ...{ clock, log: { warn: log, info: log }, store: memory.store, lookups },
      life: () => own.life,
      facts: () => own.facts,
    });
    return Object.assign(own, { look: () => joined.look(), end: () => joined.end() });
  }

  const [a, b] = [node('a'), node('b')];
  return {
    ...{ a, b, clock, said },
    away: () => void (away = Promise.withResolvers()),
    /** What is asked already fails, as it does when nobody has answered for long. */
    back() {
      away?.reject(new Error('no answer'));
      away = undefined;
    },
    fails: (error: Error | undefined) => void (fault = error),
    async pass(ms: number) {
      // A look asks, and then tells.
      const looked = async (): Promise<void> => {
        for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      };
      // The first look is at once.
      clock.advance(0);
      await looked();
      for (let left = ms; left > 0; left -= PULSE_MS) {
        clock.advance(Math.min(PULSE_MS, left));
        for (const one of [a, b]) one.pulse();
        await looked();
      }
    },
  };
}

test('each node sees the others: state, lease, roles, version, and which it is itself', async () => {
  const { a, b, pass } = cluster();
  await pass(PULSE_MS);
  const told = { roles: ['submission', 'relay'], version: '1.2.3' };
  const alive = { incarnation: '1', state: 'alive', leaseLeftMs: LEASE_MS, ...told };
  assert.deepEqual((await a.look())?.nodes, [
    { node: 'a', ...alive, isThis: true },
    { node: 'b', ...alive },
  ]);
  b.isDown = true;
  const ofB = async (ms: number) => {
    await pass(ms);
    return (await a.look())?.nodes[1];
  };
  assert.deepEqual(await ofB(10_000), { node: 'b', ...alive, leaseLeftMs: 5_000 });
  assert.deepEqual(await ofB(6_000), { node: 'b', ...alive, state: 'away', leaseLeftMs: -1_000 });
  assert.deepEqual(await ofB(4_000), { node: 'b', ...alive, state: 'gone', leaseLeftMs: -5_000 });
  Object.assign(b, { isDown: false, life: { node: 'b', incarnation: '2' } });
  await pass(MINUTE);
  const { nodes } = (await a.look()) ?? assert.fail();
  assert.deepEqual(
    nodes[1],
    { node: 'b', ...alive, incarnation: '2' },
    'the life that is over is told of no more',
  );
  assert.equal(nodes.length, 2);
});

test('nodes that differ are told of at once, and warned of once after ten minutes, until they are alike again', async () => {
  const { a, b, said, pass } = cluster();
  await pass(MINUTE);
  b.facts = { ...b.facts, digests: { limits: 'y' } };
  const differs = async () => {
    const { differences, lasting } = (await a.look()) ?? assert.fail();
    return [differences, lasting].map((some) => some.map(differenceInWords).join());
  };
  await pass(30_000);
  assert.deepEqual(await differs(), ['limits: a / b', '']);
  await pass(9 * MINUTE);
  assert.deepEqual(said, []);
  await pass(MINUTE);
  assert.deepEqual(await differs(), ['limits: a / b', 'limits: a / b']);
  await pass(30 * MINUTE);
  const text = 'nodes are configured differently {"differs":"limits: a / b"}';
  assert.deepEqual(new Set(said), new Set([`a: ${text}`, `b: ${text}`]));
  assert.equal(said.length, 2);
  said.length = 0;
  a.facts = b.facts;
  await pass(MINUTE);
  assert.deepEqual(await differs(), ['', '']);
  assert.match(said.join(), /a: nodes are configured alike again \{"subject":"limits"\}/);
});

test('a difference that goes and comes back begins anew', async () => {
  const { a, b, said, pass } = cluster();
  const before = b.facts;
  for (let time = 0; time < 3; time += 1) {
    b.facts = { ...before, digests: { limits: 'y' } };
    await pass(9 * MINUTE);
    b.facts = before;
    await pass(MINUTE);
  }
  assert.deepEqual(said, []);
  a.end();
  b.end();
});

test('of a store that does not answer nothing is seen, and nobody waits for it', async () => {
  const { a, clock, away, back } = cluster();
  away();
  const look = a.look();
  clock.advance(LOOK_MS);
  assert.equal(await look, undefined);
  back();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await a.look())?.nodes.length, 2);
});

test('why the others are not seen is said, once a minute, and when they are again', async () => {
  const { a, b, said, pass, fails } = cluster();
  b.end();
  await pass(MINUTE);
  assert.deepEqual(said, []);
  fails(Object.assign(new Error('permission denied for table life'), { code: '42501' }));
  await pass(3 * MINUTE);
  const why = 'permission denied for table life (SQLSTATE 42501)';
  const fault = `a: the other nodes can't be looked at ${JSON.stringify({ because: why })}`;
  assert.deepEqual(said, Array(3).fill(fault));
  fails(undefined);
  await pass(MINUTE);
  assert.deepEqual(said.slice(3), ['a: the other nodes are looked at again {}']);
  a.end();
});
