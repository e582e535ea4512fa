// A drain waits for all that is under way, by the clock that never steps, and no longer than it may.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { fakeHolder } from '../../test/fakes/holder.ts';
import type { FreeChange, OutcomeOf } from '../store/port.ts';
import { createMemoryBudget } from '../submission/memory-budget.ts';
import { type Draining, drainFront } from './drain.ts';

const GRACE_MS = 10_000;
const START = Date.UTC(2026, 10, 24, 9);

function draining(outcome: OutcomeOf<FreeChange> = { type: 'freed', count: 0 }) {
  const clock = virtualClock(START);
  const told: string[] = [];
  const memory = createMemoryBudget(1000);
  const withdrawing = new Set<string>();
  const relayIsDone = Promise.withResolvers<void>();
  const connections = { size: 0, drain: () => void told.push('sessions') };
  const wall = { stepMs: 0 };
  const parts = {
    clock: { ...clock, now: () => clock.now() + wall.stepMs },
    journal: { flush: () => void told.push('journal') },
    connections,
    relay: { drain: () => relayIsDone.promise },
    submission: {
      ...{ memory, withdrawing, holder: fakeHolder('local/x/1.1') },
      store: {
        async commit([change]: readonly [{ readonly type: string }]) {
          told.push(change.type);
          return [outcome];
        },
      },
    },
  } as unknown as Draining;
  let isOver = false;
  const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));
  return {
    ...{ memory, withdrawing, connections, relayIsDone, wall, told },
    parts,
    begin: () => void drainFront(parts, GRACE_MS).then(() => (isOver = true)),
    async passes(ms: number): Promise<boolean> {
      for (let at = 0; at < ms; at += 100) {
        clock.advance(100);
        await turn();
      }
      await turn();
      return isOver;
    },
  };
}

type Here = ReturnType<typeof draining>;

const waits: readonly { readonly why: string; begins(at: Here): void; ends(at: Here): void }[] = [
  {
    why: 'a session',
    begins: (at) => (at.connections.size = 1),
    ends: (at) => (at.connections.size = 0),
  },
  {
    why: 'memory that is in use: the message is being accepted, though its session is over',
    begins: (at) => assert.ok(at.memory.reserve(10)),
    ends: (at) => at.memory.release(10),
  },
  {
    why: 'a message that is being taken back',
    begins: (at) => at.withdrawing.add('01ABC'),
    ends: (at) => at.withdrawing.clear(),
  },
];

for (const { why, begins, ends } of waits)
  test(`a drain waits for ${why}`, async () => {
    const at = draining();
    at.relayIsDone.resolve();
    begins(at);
    at.begin();
    assert.equal(await at.passes(GRACE_MS / 2), false);
    assert.deepEqual(at.told, ['sessions']);
    ends(at);
    assert.equal(await at.passes(200), true);
    assert.deepEqual(at.told, ['sessions', 'journal', 'free']);
  });

for (const hours of [-3, 3])
  test(`a drain takes as long as it may, though the wall clock steps by ${hours} hours`, async () => {
    const at = draining();
    at.relayIsDone.resolve();
    at.connections.size = 1;
    at.begin();
    at.wall.stepMs = hours * 3_600_000;
    assert.equal(await at.passes(GRACE_MS - 200), false);
    assert.equal(await at.passes(400), true);
  });

test('a drain waits for what the relay has under way', async () => {
  const at = draining();
  at.begin();
  assert.equal(await at.passes(GRACE_MS / 2), false);
  at.relayIsDone.resolve();
  assert.equal(await at.passes(100), true);
});

test('a drain that could give nothing back says so', async () => {
  const { parts, relayIsDone } = draining({ type: 'failed', cause: 'the store has been away' });
  relayIsDone.resolve();
  await assert.rejects(drainFront(parts, GRACE_MS), { name: 'StoreUnavailable' });
});
