// Two nodes on one store in memory: a life that is gone is taken over from, and never comes back; each pulse tells what others did.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEED_MAX, FEED_MS } from '../freshness.ts';
import { BEYOND_MS, LEASE_MS, PULSE_MS } from '../lease.ts';
import { ownerOf } from '../owner.ts';
import type { Change, Delivery, StoreNotice } from '../port.ts';
import {
  acceptOf,
  changed,
  countedEntropy,
  final,
  identityChange,
  identityOf,
  settleOf,
  START,
  virtualClock,
} from '../store.contract-fixtures.ts';
import { openMemoryStore } from './store.ts';

const lives = { a: { node: 'a', incarnation: '1' }, b: { node: 'b', incarnation: '1' } };
const owners = { a: ownerOf(lives.a, 1, 1), b: ownerOf(lives.b, 1, 1) };
const ID = '01KB0000000000000000000000';

function twoNodes() {
  const clock = virtualClock(START);
  const memory = openMemoryStore({ clock, entropy: countedEntropy() });
  const heard: Record<'a' | 'b', StoreNotice[]> = { a: [], b: [] };
  const node = (name: 'a' | 'b') => {
    const writer = memory.beside({ onNotice: (notice) => void heard[name].push(notice) });
    return {
      ...writer,
      one: (change: Change) => writer.apply([change])[0],
      pulse: (isFirst = false) => writer.pulse(lives[name], isFirst),
    };
  };
  const nodes = { a: node('a'), b: node('b') };
  for (const each of Object.values(nodes)) assert.equal(each.pulse(true).type, 'alive');
  /** Whose pulses go on. */
  const pass = (ms: number, ...pulsing: readonly ('a' | 'b')[]): void => {
    for (let left = ms; left > 0; left -= PULSE_MS) {
      clock.advance(Math.min(PULSE_MS, left));
      for (const name of pulsing) assert.equal(nodes[name].pulse().type, 'alive');
    }
  };
  const accept = (said: Parameters<typeof acceptOf>[2] = {}) =>
    acceptOf(ID, clock.now(), { owner: owners.a, to: ['x@far.example', 'y@far.example'], ...said });
  const claimed = (name: 'a' | 'b', token: string): readonly Delivery[] => {
    const outcome = nodes[name].one({ type: 'claim', owner: owners[name], token, shares: [{ max: 9 }] });
    assert.ok(outcome?.type === 'claimed');
    return outcome.deliveries;
  };
  return { ...nodes, clock, heard, memory, pass, accept, claimed };
}

test('memory: what a life held that is gone is due at once for others, whatever its own clock said, and what it settles later is stale', () => {
  const { a, b, clock, heard, pass, accept, claimed } = twoNodes();
  assert.deepEqual(a.one(accept({ dueAt: clock.now() + 3_600_000 })), { type: 'accepted' });
  pass(LEASE_MS + BEYOND_MS, 'b');
  assert.deepEqual(claimed('b', '1'), [], 'it is let be until then');
  heard.b.length = 0;
  pass(PULSE_MS, 'b');
  assert.deepEqual(heard.b, [{ type: 'due' }]);
  const taken = claimed('b', '2');
  assert.deepEqual(
    taken.map(({ attempt }) => attempt),
    [2, 2],
  );
  const attempts = taken.map((delivery) => ({ ...delivery, attempt: 1 }));
  assert.deepEqual(a.one(settleOf(owners.a, attempts, final, clock.now())), { type: 'stale' });
  assert.deepEqual(b.one(settleOf(owners.b, taken, final, clock.now())), {
    type: 'settled',
    messageDone: true,
  });
});

test('memory: who took over says from whom, once; a life that is over stays so, and another of that node begins', () => {
  const { a, b, clock, memory, pass } = twoNodes();
  pass(LEASE_MS + BEYOND_MS, 'b');
  clock.advance(PULSE_MS);
  const answers = [b.pulse(), b.pulse()];
  assert.deepEqual(
    answers.map((answer) => answer.type === 'alive' && answer.tookOver),
    [[lives.a], []],
  );
  assert.deepEqual(a.pulse(), { type: 'dead' });
  assert.deepEqual(a.pulse(true), { type: 'dead' });
  const next = { node: 'a', incarnation: '2' };
  const writer = memory.beside({ onNotice: () => undefined });
  assert.deepEqual(writer.pulse(next, false), { type: 'dead' }, 'nobody knows it');
  assert.equal(writer.pulse(next, true).type, 'alive');
  assert.equal(writer.pulse(next, false).type, 'alive');
});

test('memory: what comes from a life that is over is given back at the next pulse of another', () => {
  const { a, b, pass, accept, claimed } = twoNodes();
  pass(LEASE_MS + BEYOND_MS + PULSE_MS, 'b');
  assert.deepEqual(a.one(accept()), { type: 'accepted' });
  assert.deepEqual(claimed('b', '1'), []);
  b.pulse();
  assert.equal(claimed('b', '2').length, 2);
});

test('memory: when the store was away nobody is taken over from', () => {
  const { a, b, clock, pass, accept, claimed } = twoNodes();
  pass(60_000, 'a', 'b');
  assert.deepEqual(a.one(accept()), { type: 'accepted' });
  clock.advance(60_000);
  b.pulse();
  assert.deepEqual(claimed('b', '1'), []);
  pass(60_000, 'a', 'b');
  assert.deepEqual(claimed('b', '2'), []);
});

test('memory: a pulse tells what was changed in the last half minute, and of too many that they are', () => {
  const { a, b, clock } = twoNodes();
  const told = () => {
    const answer = b.pulse();
    return answer.type === 'alive' ? answer.changed : undefined;
  };
  const alice = identityOf('alice@example.org');
  a.one(identityChange(alice, 0, clock.now()));
  const suspended = changed(alice, { state: 'suspended' });
  a.one(identityChange(suspended, 1, clock.now()));
  const { id: identityId } = alice;
  const notice = { type: 'identityChanged', identityId, gone: [] } as const;
  const both = [
    { ...notice, revision: 1, state: 'active' },
    { ...notice, revision: 2, state: 'suspended' },
  ];
  assert.deepEqual(told(), both);
  clock.advance(FEED_MS - 1);
  assert.deepEqual(told(), both);
  clock.advance(1);
  assert.deepEqual(told(), []);
  for (let n = 0; n <= FEED_MAX; n += 1) a.one(identityChange(identityOf(`u${n}`), 0, clock.now()));
  assert.equal(told(), 'many');
});

test('memory: each of two has limits of its own, and hears what the other did', () => {
  const { clock, memory, heard } = twoNodes();
  const full = memory.beside({ fullBecause: () => 'no space', onNotice: () => undefined });
  const change = acceptOf(ID, clock.now(), {});
  assert.deepEqual(full.apply([change]), [{ type: 'full', cause: 'no space' }]);
  const other = memory.beside({ onNotice: () => undefined });
  assert.deepEqual(other.apply([change]), [{ type: 'accepted' }]);
  assert.deepEqual([heard.a, heard.b], [[{ type: 'due' }], [{ type: 'due' }]]);
});
