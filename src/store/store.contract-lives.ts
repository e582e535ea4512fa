// The contract of an engine that several nodes share: a life that is gone is taken over from, and never comes back; each pulse tells what others did.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entropy } from '../platform/platform.ts';
import { FEED_MAX, FEED_MS } from './freshness.ts';
import { BEYOND_MS, LEASE_MS, type Place, PULSE_MS } from './lease.ts';
import { ownerOf } from './owner.ts';
import type { EngineWriter } from './engine.ts';
import type { Lookups } from './lookups.ts';
import type { NodeLife } from './nodes.ts';
import type { Change, Delivery, StoreNotice } from './port.ts';
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
  type VirtualClock,
} from './store.contract-fixtures.ts';

export const lives = { a: { node: 'a', incarnation: '1' }, b: { node: 'b', incarnation: '1' } };
export const owners = { a: ownerOf(lives.a, 1, 1), b: ownerOf(lives.b, 1, 1) };
export const ID = '01KB0000000000000000000000';

/** One of those who write to it. */
export type NodeWriter = Pick<EngineWriter, 'apply'> & Required<Pick<EngineWriter, 'pulse' | 'end'>>;

export interface WriterOptions {
  fullBecause?(): string;
  /** Where its node runs. */
  readonly place?: Place;
  onNotice(notice: StoreNotice): void;
}

export interface Shared {
  readonly lookups: Pick<Lookups, 'nodes'>;
  writer(options: WriterOptions): Promise<NodeWriter>;
  close(): Promise<void>;
}

export type OpenShared = (ports: {
  readonly clock: VirtualClock;
  readonly entropy: Entropy;
}) => Promise<Shared>;

export async function twoNodes(open: OpenShared) {
  const clock = virtualClock(START);
  const shared = await open({ clock, entropy: countedEntropy() });
  const heard: Record<'a' | 'b', StoreNotice[]> = { a: [], b: [] };
  const node = async (name: 'a' | 'b') => {
    const writer = await shared.writer({ onNotice: (notice) => void heard[name].push(notice) });
    return {
      one: async (change: Change) => (await writer.apply([change], 0))[0],
      pulse: async (isFirst = false) => writer.pulse(lives[name], isFirst),
      end: async () => writer.end(lives[name]),
    };
  };
  const nodes = { a: await node('a'), b: await node('b') };
  for (const each of Object.values(nodes)) assert.equal((await each.pulse(true)).type, 'alive');
  /** Whose pulses go on. */
  const pass = async (ms: number, ...pulsing: readonly ('a' | 'b')[]): Promise<void> => {
    for (let left = ms; left > 0; left -= PULSE_MS) {
      clock.advance(Math.min(PULSE_MS, left));
      for (const name of pulsing) assert.equal((await nodes[name].pulse()).type, 'alive');
    }
  };
  const accept = (said: Parameters<typeof acceptOf>[2] = {}) =>
    acceptOf(ID, clock.now(), { owner: owners.a, to: ['x@far.example', 'y@far.example'], ...said });
  const claimed = async (name: 'a' | 'b', token: string): Promise<readonly Delivery[]> => {
    const outcome = await nodes[name].one({
      type: 'claim',
      owner: owners[name],
      token,
      shares: [{ max: 9 }],
    });
    assert.ok(outcome?.type === 'claimed');
    return outcome.deliveries;
  };
  return {
    ...nodes,
    clock,
    heard,
    shared,
    pass,
    accept,
    claimed,
    [Symbol.asyncDispose]: () => shared.close(),
  };
}

export function livesContract(name: string, open: OpenShared): void {
  takeoverContract(name, open);
  tellingContract(name, open);
  nodesContract(name, open);
}

function takeoverContract(name: string, open: OpenShared): void {
  test(`${name}: what a life held that is gone is due at once for others, whatever its own clock said, and what it settles later is stale`, async () => {
    await using nodes = await twoNodes(open);
    const { a, b, clock, heard, pass, accept, claimed } = nodes;
    assert.deepEqual(await a.one(accept({ dueAt: clock.now() + 3_600_000 })), { type: 'accepted' });
    await pass(LEASE_MS + BEYOND_MS, 'b');
    assert.deepEqual(await claimed('b', '1'), [], 'it is let be until then');
    heard.b.length = 0;
    await pass(PULSE_MS, 'b');
    assert.deepEqual(heard.b, [{ type: 'due' }]);
    const taken = await claimed('b', '2');
    assert.deepEqual(
      taken.map(({ attempt }) => attempt),
      [2, 2],
    );
    const attempts = taken.map((delivery) => ({ ...delivery, attempt: 1 }));
    const late = settleOf(owners.a, attempts, final, clock.now());
    const inTime = settleOf(owners.b, taken, final, clock.now());
    assert.deepEqual(await a.one(late), { type: 'stale' });
    assert.deepEqual(await b.one(inTime), { type: 'settled', messageDone: true });
    assert.deepEqual(
      await a.one({ ...late, again: true }),
      { type: 'stale' },
      'it was asked before, and was not done then either',
    );
    assert.deepEqual(await b.one({ ...inTime, again: true }), { type: 'stale', again: true });
  });

  test(`${name}: who took over says from whom, once; a life that is over stays so, and another of that node begins`, async () => {
    await using nodes = await twoNodes(open);
    const { a, b, clock, shared, pass } = nodes;
    await pass(LEASE_MS + BEYOND_MS, 'b');
    clock.advance(PULSE_MS);
    const answers = [await b.pulse(), await b.pulse()];
    assert.deepEqual(
      answers.map((answer) => answer.type === 'alive' && answer.tookOver),
      [[lives.a], []],
    );
    assert.deepEqual(await a.pulse(), { type: 'dead' });
    assert.deepEqual(await a.pulse(true), { type: 'dead' });
    const next = { node: 'a', incarnation: '2' };
    const writer = await shared.writer({ onNotice: () => undefined });
    assert.deepEqual(await writer.pulse(next, false), { type: 'dead' }, 'nobody knows it');
    assert.equal((await writer.pulse(next, true)).type, 'alive');
    assert.equal((await writer.pulse(next, false)).type, 'alive');
  });

  test(`${name}: what comes from a life that is over is given back at the next pulse of another`, async () => {
    await using nodes = await twoNodes(open);
    const { a, b, pass, accept, claimed } = nodes;
    await pass(LEASE_MS + BEYOND_MS + PULSE_MS, 'b');
    assert.deepEqual(await a.one(accept()), { type: 'accepted' });
    assert.deepEqual(await claimed('b', '1'), []);
    await b.pulse();
    assert.equal((await claimed('b', '2')).length, 2);
  });

  test(`${name}: when the store was away nobody is taken over from`, async () => {
    await using nodes = await twoNodes(open);
    const { a, b, clock, pass, accept, claimed } = nodes;
    await pass(60_000, 'a', 'b');
    assert.deepEqual(await a.one(accept()), { type: 'accepted' });
    clock.advance(60_000);
    await b.pulse();
    assert.deepEqual(await claimed('b', '1'), []);
    await pass(60_000, 'a', 'b');
    assert.deepEqual(await claimed('b', '2'), []);
  });
}

function nodesContract(name: string, open: OpenShared): void {
  test(`${name}: who looks at the nodes sees each life with its lease, those that are over for ten minutes, and what it says of itself`, async () => {
    await using nodes = await twoNodes(open);
    const { a, b, clock, shared, pass } = nodes;
    const begun = clock.now();
    const look = async (): Promise<readonly NodeLife[]> => (await shared.lookups.nodes()).lives;
    const [ofA, ofB] = [lives.a, lives.b].map((life) => ({
      ...({ ...life, state: 'alive', until: begun + LEASE_MS } as const),
    }));
    assert.deepEqual(await look(), [ofA, ofB]);
    const facts = { version: '1.2.3', roles: ['submission', 'relay'], digests: { limits: 'x' } };
    for (const told of [{ ...facts, roles: [] }, facts])
      assert.deepEqual(await b.one({ type: 'nodeFacts', life: lives.b, facts: told }), { type: 'noted' });
    await pass(PULSE_MS, 'b');
    const now = { ...ofB, until: begun + PULSE_MS + LEASE_MS, facts };
    assert.deepEqual(await look(), [ofA, now]);
    await pass(LEASE_MS + BEYOND_MS, 'b');
    const gone = { ...ofA, state: 'dead' };
    assert.deepEqual((await look())[0], gone);
    const next = { node: 'a', incarnation: '2' };
    assert.equal(
      (await (await shared.writer({ onNotice: () => undefined })).pulse(next, true)).type,
      'alive',
    );
    assert.deepEqual((await look()).slice(0, 2), [
      gone,
      { ...next, state: 'alive', until: clock.now() + LEASE_MS },
    ]);
    await pass(600_000, 'b');
    assert.equal((await look()).filter(({ incarnation }) => incarnation === '1').length, 1);
    assert.deepEqual(await a.pulse(), { type: 'dead' });
  });

  test(`${name}: a life that does not stand in the store says nothing of itself`, async () => {
    await using nodes = await twoNodes(open);
    const facts = { version: '1', roles: [], digests: {} };
    const unknown = { node: 'a', incarnation: '9' };
    assert.deepEqual(await nodes.a.one({ type: 'nodeFacts', life: unknown, facts }), { type: 'noted' });
    const { lives: all } = await nodes.shared.lookups.nodes();
    assert.deepEqual(
      all.map(({ incarnation, facts: said }) => [incarnation, said]),
      [
        ['1', undefined],
        ['1', undefined],
      ],
    );
  });
}

function tellingContract(name: string, open: OpenShared): void {
  test(`${name}: a pulse tells what was changed in the last half minute, and of too many that they are`, async () => {
    await using nodes = await twoNodes(open);
    const { a, b, clock } = nodes;
    const told = async () => {
      const answer = await b.pulse();
      return answer.type === 'alive' ? answer.changed : undefined;
    };
    const alice = identityOf('alice@example.org');
    await a.one(identityChange(alice, 0, clock.now()));
    const suspended = changed(alice, { state: 'suspended' });
    await a.one(identityChange(suspended, 1, clock.now()));
    const { id: identityId } = alice;
    const notice = { type: 'identityChanged', identityId, gone: [] } as const;
    const both = [
      { ...notice, revision: 1, state: 'active' },
      { ...notice, revision: 2, state: 'suspended' },
    ];
    assert.deepEqual(await told(), both);
    clock.advance(FEED_MS - 1);
    assert.deepEqual(await told(), both);
    clock.advance(1);
    assert.deepEqual(await told(), []);
    for (let n = 0; n <= FEED_MAX; n += 1) await a.one(identityChange(identityOf(`u${n}`), 0, clock.now()));
    assert.equal(await told(), 'many');
  });

  test(`${name}: each of two has limits of its own`, async () => {
    await using nodes = await twoNodes(open);
    const { clock, shared } = nodes;
    const full = await shared.writer({ fullBecause: () => 'no space', onNotice: () => undefined });
    const change = acceptOf(ID, clock.now(), {});
    assert.deepEqual(await full.apply([change], 0), [{ type: 'full', cause: 'no space' }]);
    const other = await shared.writer({ onNotice: () => undefined });
    assert.deepEqual(await other.apply([change], 0), [{ type: 'accepted' }]);
  });
}
