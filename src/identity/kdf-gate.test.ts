import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKdfGate, type GateOutcome, type KdfGate, type Visitor } from './kdf-gate.ts';

const from = (n: number, known = false): Visitor => ({ network: `192.0.${n}.0/24`, known });

/** Jobs that end when they are told to; `order` is that of their starts. */
function held(gate: KdfGate) {
  const order: string[] = [];
  const ends: (() => void)[] = [];
  return {
    order,
    run: (visitor: Visitor, name: string): Promise<GateOutcome<void>> =>
      gate.run(visitor, () => {
        order.push(name);
        return new Promise((resolve) => ends.push(resolve));
      }),
    async endAll(): Promise<void> {
      await new Promise(setImmediate);
      while (ends.length > 0) {
        ends.shift()?.();
        await new Promise(setImmediate);
      }
    },
  };
}

test('F-AUTH-6/1: of a thousand networks at once two run, their share waits, the others hear busy at once', async () => {
  const gate = createKdfGate();
  let running = 0;
  let most = 0;
  const job = async (): Promise<number> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    return 1;
  };
  const outcomes = await Promise.all(Array.from({ length: 1000 }, (_, n) => gate.run(from(n), job)));
  assert.equal(most, 2);
  assert.equal(outcomes.filter(({ type }) => type === 'done').length, 2 + 40);
  assert.deepEqual([gate.running, gate.waiting], [0, 0]);
  assert.deepEqual(await gate.run(from(1), job), { type: 'done', value: 1 });
});

test('F-AUTH-6/2: networks take turns, and one of them has eight places', async () => {
  const gate = createKdfGate(1);
  const { run, order, endAll } = held(gate);
  const flood = Array.from({ length: 100 }, (_, n) => run(from(1), `flood ${n}`));
  const others = [2, 3, 4].map((n) => run(from(n), `other ${n}`));
  await endAll();
  const outcomes = await Promise.all(flood);
  assert.equal(outcomes.filter(({ type }) => type === 'done').length, 1 + 8);
  assert.deepEqual(await Promise.all(others.map(async (one) => (await one).type)), ['done', 'done', 'done']);
  assert.deepEqual(order.slice(0, 5), ['flood 0', 'flood 1', 'other 2', 'other 3', 'other 4']);
});

test('F-AUTH-6/2: known networks have places and every second turn of their own', async () => {
  const gate = createKdfGate(1);
  const { run, order, endAll } = held(gate);
  const strangers = Array.from({ length: 200 }, (_, n) => run(from(n), `stranger ${n}`));
  const known = Array.from({ length: 24 }, (_, n) => run(from(n, true), `known ${n}`));
  const shared = Array.from({ length: 40 }, (_, n) =>
    run({ ...from(9, true), shared: true }, `webmail ${n}`),
  );
  await endAll();
  assert.equal((await Promise.all(strangers)).filter(({ type }) => type === 'done').length, 1 + 40);
  assert.ok((await Promise.all(known)).every(({ type }) => type === 'done'));
  assert.ok(
    (await Promise.all(shared)).every(({ type }) => type === 'busy'),
    'all places are taken',
  );
  assert.deepEqual(order.slice(1, 5), ['known 0', 'stranger 1', 'known 1', 'stranger 2']);
});

test('F-AUTH-6/2: a network that many share may fill half of the places', async () => {
  const gate = createKdfGate(1);
  const { run, endAll } = held(gate);
  const webmail = Array.from({ length: 40 }, () => run({ ...from(1, true), shared: true }, 'x'));
  await endAll();
  assert.equal((await Promise.all(webmail)).filter(({ type }) => type === 'done').length, 1 + 32);
});

test('F-AUTH-6/1: a job that fails frees its place', async () => {
  const gate = createKdfGate(1, 1);
  await assert.rejects(gate.run(from(1), () => Promise.reject(new Error('out of memory'))));
  const next = gate.run(from(1), () => Promise.resolve('next'));
  assert.deepEqual([gate.running, gate.waiting], [1, 0], 'it waits for nobody');
  assert.deepEqual(await next, { type: 'done', value: 'next' });
});
