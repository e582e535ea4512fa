// The store thread over a writer that answers later: what it counts, its idle work, what ends it; and what the space left means to it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { turns } from '../../test/fakes/front.ts';
import type { LineHandlers } from '../platform/line.ts';
import { PULSE_MS } from '../store/lease.ts';
import type { EngineWriter, PulseAnswer, Space, WriterOptions } from '../store/engine.ts';
import { packed } from '../store/packing.ts';
import type { Incarnation } from '../store/owner.ts';
import type { Change, Outcome } from '../store/port.ts';
import { acceptOf, countedEntropy } from '../store/store.contract-fixtures.ts';
import type { StoreThreadNotice } from './store-thread-notice.ts';
import { createStoreBody, type StoreFigures, type StoreQuestion } from './store-body.ts';

const IDLE_MS = 50;
const node = { node: 'a', incarnation: 'x' };
const firstLife = { node: 'a', incarnation: 'w' };

const withdraw: Change = { type: 'withdraw', messageId: 'm', owner: 'local/x/1.1', now: 0, by: 'test' };
const claim: Change = { type: 'claim', owner: 'local/x/1.1', token: 't', shares: [] };

interface Asked<T> {
  resolve(value: T): void;
  reject(error: Error): void;
}

/** Groups and idle pieces wait until they are answered; claims have a lane of their own. */
function laterWriter(shared: boolean, pulsed: (asked: Asked<PulseAnswer>) => void) {
  const pulses: Asked<PulseAnswer>[] = [];
  const groups: (Asked<readonly Outcome[]> & { readonly changes: readonly Change[] })[] = [];
  const idles: Asked<boolean>[] = [];
  const copies: string[] = [];
  const lives: Incarnation[] = [];
  const writer: EngineWriter = {
    apply(changes) {
      const { promise, ...asked } = Promise.withResolvers<readonly Outcome[]>();
      groups.push({ ...asked, changes });
      return promise;
    },
    laneOf: (changes) => (changes.some(({ type }) => type === 'claim') ? 1 : 0),
    idle() {
      const { promise, ...asked } = Promise.withResolvers<boolean>();
      idles.push(asked);
      return promise;
    },
    figures: () => ({ roundTrips: 3, redone: { '22012': 1 }, sideWorks: {} }),
    queued: () => 7,
    trailEnd: () => ({ chain: 1, sequence: 4, link: new Uint8Array(32) }),
    copy: async (file) => void copies.push(file),
    ...(shared
      ? {
          pulse() {
            const { promise, ...asked } = Promise.withResolvers<PulseAnswer>();
            if (pulses.push(asked) === 1) pulsed(asked);
            return promise;
          },
          end: (life: Incarnation) => void lives.push(life),
        }
      : {}),
  };
  return { writer, groups, idles, copies, pulses, lives };
}

async function running({
  space = { free: 1000, total: 2000 },
  shared = false,
  pulsed = () => undefined,
}: {
  readonly space?: Space | 'elsewhere';
  readonly shared?: boolean;
  /** At the first pulse. */
  readonly pulsed?: (asked: Asked<PulseAnswer>) => void;
} = {}) {
  const clock = virtualClock(0);
  const { writer, groups, idles, copies, pulses, lives } = laterWriter(shared, pulsed);
  let told: WriterOptions | undefined;
  const ended: unknown[] = [];
  const body = await createStoreBody(
    {
      ...{ node, process: firstLife, isFirst: true },
      limits: {
        freeSpaceFloor: { share: 0.25, octets: 0 },
        ...{ queuedMessagesMax: 'none', strangersMessagesMax: 'none' },
      },
    },
    {
      ...{ clock, entropy: countedEntropy() },
      engine: {
        async writer(options) {
          told = options;
          return writer;
        },
        space: () => (space === 'elsewhere' ? undefined : space),
        size: async () => 600,
      },
      schedule: { soon: (run) => void setImmediate(run), later: (ms, run) => void clock.after(ms, run) },
      waits: () => undefined,
      end(error) {
        ended.push(error);
        // Nothing goes on in a thread that has ended.
        return new Promise(() => undefined) as never;
      },
    },
  );
  const heard: StoreThreadNotice[] = [];
  let handlers: LineHandlers = {};
  body.greet('front', (said) => {
    handlers = said;
    return {
      ask: () => Promise.reject(new Error('it is not asked')),
      tell: (notice) => void heard.push(notice as StoreThreadNotice),
      close: () => undefined,
    };
  });
  const ask = async (question: StoreQuestion): Promise<unknown> => handlers.answer?.(question);
  return {
    ...{ clock, groups, idles, ended, copies, pulses, heard, lives },
    process: () => told?.process,
    fullBecause: () => told?.fullBecause?.(),
    backUp: (file: string) => ask({ backup: file }),
    end: () => ask({ end: true }),
    commit: (...changes: readonly Change[]) => ask({ commit: changes.map(packed) }),
    figures: async () => (await ask({ figures: true })) as StoreFigures,
  };
}

test('figures tell whose limits came near their end', async () => {
  const { commit, groups, figures } = await running();
  const identityId = 'i1';
  const charge = { identityId, limits: { messagesPerHour: 10 } };
  const done = commit(acceptOf('01ARZ3NDEKTSV4RRFFQ69G5FAV', 0, { identityId, charge }));
  await turns();
  assert.deepEqual((await figures()).nearLimits, []);
  groups[0]?.resolve([{ type: 'accepted', nearUntil: 1 }]);
  await done;
  assert.deepEqual((await figures()).nearLimits, [identityId]);
});

test('a slow claim does not hold up what goes in the other lane', async () => {
  const { commit, groups } = await running();
  const claimed = commit(claim);
  await turns();
  const withdrawn = commit(withdraw);
  await turns();
  assert.deepEqual(
    groups.map(({ changes }) => changes),
    [[claim], [withdraw]],
  );
  groups[1]?.resolve([{ type: 'withdrawn', count: 1 }]);
  assert.deepEqual(await withdrawn, [{ type: 'withdrawn', count: 1 }]);
  groups[0]?.resolve([{ type: 'claimed', deliveries: [], messages: [], more: false }]);
  assert.deepEqual(await claimed, [{ type: 'claimed', deliveries: [], messages: [], more: false }]);
});

test('a group counts when it is answered, with the time that took', async () => {
  const { commit, groups, clock, figures } = await running();
  const withdrawn = commit(withdraw, withdraw);
  await turns();
  clock.advance(30);
  assert.deepEqual(await figures().then(({ commits }) => commits), 0);
  groups[0]?.resolve([
    { type: 'withdrawn', count: 1 },
    { type: 'withdrawn', count: 1 },
  ]);
  await withdrawn;
  const { commits, changes, commitMs, queued, trail, roundTrips, redone } = await figures();
  assert.deepEqual(
    { commits, changes, commitMs, queued, roundTrips, redone },
    { commits: 1, changes: 2, commitMs: 30, queued: 7, roundTrips: 3, redone: { '22012': 1 } },
  );
  assert.equal(trail.sequence, 4);
});

test('a group that is rejected ends the thread, and nobody is told of an outcome', async () => {
  const { commit, groups, ended, figures } = await running();
  let isAnswered = false;
  const answered = (): void => void (isAnswered = true);
  void commit(withdraw).then(answered, answered);
  await turns();
  const trouble = new Error('the connection broke');
  groups[0]?.reject(trouble);
  await turns();
  assert.deepEqual([ended, isAnswered], [[trouble], false]);
  assert.equal((await figures()).commits, 0);
});

test('idle work that fails ends the thread', async () => {
  const { idles, ended, clock } = await running();
  clock.advance(IDLE_MS);
  const trouble = new Error('the connection broke');
  idles[0]?.reject(trouble);
  await turns();
  assert.deepEqual(ended, [trouble]);
});

test('idle work is one piece at a time, and what was committed meanwhile is looked after', async () => {
  const { commit, groups, idles, clock } = await running();
  const idle = async (): Promise<void> => {
    clock.advance(IDLE_MS);
    await turns();
  };
  await idle();
  assert.equal(idles.length, 1);
  const withdrawn = commit(withdraw);
  await turns();
  groups[0]?.resolve([{ type: 'withdrawn', count: 1 }]);
  await withdrawn;
  await idle();
  assert.equal(idles.length, 1, 'one is under way');
  idles[0]?.resolve(false);
  await turns();
  await idle();
  assert.equal(idles.length, 2, 'the commit beside it left something to do');
  idles[1]?.resolve(true);
  await turns();
  await idle();
  assert.equal(idles.length, 3, 'there was more');
  idles[2]?.resolve(false);
  await turns();
  await idle();
  assert.equal(idles.length, 3);
});

test('commits that come all the time do not put idle work off', async () => {
  const { commit, groups, idles, clock } = await running();
  for (let at = 10; at <= IDLE_MS; at += 10) {
    assert.equal(idles.length, 0);
    const withdrawn = commit(withdraw);
    await turns();
    groups.shift()?.resolve([{ type: 'withdrawn', count: 1 }]);
    await withdrawn;
    clock.advance(10);
  }
  assert.equal(idles.length, 1);
});

test('below the floor nothing is accepted, and a copy must leave room for it', async () => {
  const { fullBecause, figures, backUp, copies } = await running({ space: { free: 499, total: 2000 } });
  assert.equal(fullBecause(), '499 octets free, the floor is 500');
  const { freeOctets, full } = await figures();
  assert.deepEqual({ freeOctets, full }, { freeOctets: 499, full: true });
  const roomy = await running();
  assert.equal(roomy.fullBecause(), undefined);
  await assert.rejects(backUp('/copy'), /no space for a copy beside the store \(600 octets, 499 are free/);
  await assert.rejects(roomy.backUp('/copy'), /1000 are free/);
  assert.deepEqual(copies, []);
});

test('where the disk is not ours nothing is said of it, and nothing is refused for it', async () => {
  const { fullBecause, figures, backUp, copies } = await running({ space: 'elsewhere' });
  assert.equal(fullBecause(), undefined);
  const { freeOctets, full } = await figures();
  assert.deepEqual({ freeOctets, full }, { freeOctets: undefined, full: false });
  assert.equal(await backUp('/copy'), true);
  assert.deepEqual(copies, ['/copy']);
});

test('the writer is told which node it writes for', async () => {
  assert.deepEqual((await running()).process(), firstLife);
});

test('of a store that nobody else writes no lease is told', async () => {
  const { heard, clock } = await running();
  clock.advance(10_000);
  await turns();
  assert.deepEqual(heard, []);
});

test('where others write too nothing is begun without the lease, and each line is told how long it holds', async () => {
  const { commit, groups, heard, pulses, clock } = await running({
    shared: true,
    pulsed: (asked) => asked.reject(new Error('no connection')),
  });
  assert.deepEqual(heard, [{ type: 'lease', life: node }]);
  assert.deepEqual(await commit(claim), [
    { type: 'failed', cause: 'this node does not hold its lease: no connection' },
  ]);
  await turns();
  clock.advance(PULSE_MS);
  pulses[1]?.resolve({ type: 'alive', at: 0, changed: [], tookOver: [] });
  await turns();
  const told = heard.findLast(({ type }) => type === 'lease');
  assert.ok(told?.type === 'lease' && told.held !== undefined && told.sure !== undefined);
  void commit(claim);
  await turns();
  assert.deepEqual(
    groups.map(({ changes }) => changes),
    [[claim]],
  );
});

test('a thread whose first pulse is heard is ready then: nothing that is asked of it is refused', async () => {
  const { commit, groups, heard } = await running({
    shared: true,
    pulsed: (asked) => asked.resolve({ type: 'alive', at: 0, changed: [], tookOver: [] }),
  });
  assert.ok(heard[0]?.type === 'lease' && heard[0].held !== undefined);
  void commit(claim);
  await turns();
  assert.equal(groups.length, 1);
});

test('what is refused is refused at once, whatever is under way', async () => {
  const { commit, groups, pulses, clock } = await running({
    shared: true,
    pulsed: (asked) =>
      asked.resolve({ type: 'alive', at: 0, changed: [], tookOver: [], unfit: 'no standby' }),
  });
  assert.equal(pulses.length, 1);
  void commit(withdraw);
  await turns();
  assert.equal(groups.length, 1);
  const accept = acceptOf('01KB0000000000000000000000', clock.now(), { owner: 'a' });
  assert.deepEqual(await commit(accept), [{ type: 'unfit', cause: 'no standby' }]);
  assert.equal(groups.length, 1);
});

test('behind a pulse there is idle work, however quiet it is', async () => {
  const alive = { type: 'alive', at: 0, changed: [], tookOver: [] } as const;
  const { idles, clock, pulses } = await running({ shared: true, pulsed: (asked) => asked.resolve(alive) });
  clock.advance(IDLE_MS);
  idles[0]?.resolve(false);
  await turns();
  clock.advance(PULSE_MS);
  await turns();
  assert.equal(idles.length, 1);
  pulses[1]?.resolve(alive);
  await turns();
  clock.advance(IDLE_MS);
  assert.equal(idles.length, 2);
});

test('the life of a node ends when no group is under way any more; no pulse follows, and nothing begins', async () => {
  const { commit, groups, pulses, lives, end, clock } = await running({
    shared: true,
    pulsed: (asked) => asked.resolve({ type: 'alive', at: 0, changed: [], tookOver: [] }),
  });
  const claimed = commit(claim);
  await turns();
  const ended = end();
  await turns();
  assert.deepEqual(lives, []);
  groups[0]?.resolve([{ type: 'claimed', deliveries: [], messages: [], more: false }]);
  await claimed;
  assert.equal(await ended, true);
  assert.deepEqual(lives, [node]);
  const [refused] = (await commit(claim)) as readonly Outcome[];
  assert.equal(refused?.type, 'failed');
  clock.advance(10 * PULSE_MS);
  await turns();
  assert.equal(pulses.length, 1);
});

test('a clock that is off from the start is told over each line, for its first pulse was before them', async () => {
  const { heard } = await running({
    shared: true,
    pulsed: (asked) => asked.resolve({ type: 'alive', at: -3_600_000, changed: [], tookOver: [] }),
  });
  assert.deepEqual(
    heard.filter(({ type }) => type === 'clockOff'),
    [{ type: 'clockOff', aheadMs: 3_600_000, isOff: true }],
  );
});
