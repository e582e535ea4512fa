// Wrong secrets at several processes on one store: what an attack meets that is spread over them, and what they tell each other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { GUESSES_MAX } from '../store/guesses.ts';
import { openMemoryStore } from '../store/memory/store.ts';
import type { Store } from '../store/port.ts';
import { countedEntropy, MINUTE, START } from '../store/store.contract-fixtures.ts';
import { type Guess, GuessCounts } from './guess-counts.ts';
import { createGuessing, guessingDefaults, type Leave } from './guessing.ts';
import { shareGuesses } from './shared-guesses.ts';

const PULSE = 2_000;
const { halfLifeMs } = guessingDefaults;

function cluster(size: number) {
  const clock = virtualClock(START);
  const { store } = openMemoryStore({ clock, entropy: countedEntropy() });
  const asked: Parameters<Store['commit']>[0][number][] = [];
  let isAway = false;
  const reached: Pick<Store, 'commit'> = {
    commit(changes) {
      asked.push(...changes);
      return isAway ? Promise.reject(new Error('away')) : store.commit(changes);
    },
  };
  const nodes = Array.from({ length: size }, (_, at) => {
    const counts = new GuessCounts(halfLifeMs, guessingDefaults.entriesMax);
    const guessing = createGuessing(guessingDefaults, counts);
    const shared = shareGuesses({ counts, halfLifeMs, store: reached, clock, writer: `w${at}` });
    return {
      counts,
      begin: (attempt: Guess): Leave => guessing.begin(attempt, clock.monotonic()),
      pulse: () => shared.exchange(),
    };
  });
  const nodeAt = (at: number) => nodes[at % size] ?? assert.fail('no node');
  return {
    ...{ clock, asked, nodeAt },
    away: (value: boolean) => void (isAway = value),
    async pulse() {
      for (const node of nodes) await node.pulse();
    },
  };
}

const guess = (at: number, account = 'alice', network = '192.0.2.0/24'): Guess => ({
  ...{ account, network, fingerprint: `${account} ${at}` },
});

/** `lag`: seconds of the attack that others may not know of yet. */
const attacks = [
  {
    why: 'one network that guesses the secret of an account',
    ...{ nodes: 3, perSecond: 2, limit: 20, lag: 4, attemptOf: (at: number) => guess(at) },
  },
  {
    why: 'a network that tries a secret on many accounts',
    ...{ nodes: 2, perSecond: 10, limit: 300, lag: 4, attemptOf: (at: number) => guess(0, `user${at}`) },
  },
  {
    why: 'the same at a server alone',
    ...{ nodes: 1, perSecond: 10, limit: 300, lag: 1, attemptOf: (at: number) => guess(0, `user${at}`) },
  },
];

for (const { why, nodes, perSecond, limit, lag, attemptOf } of attacks)
  test(`F-AUTH-1 D-OUT-4: ${nodes} nodes meet ${why} with the limit of one`, async () => {
    const { clock, nodeAt, pulse } = cluster(nodes);
    let verified = 0;
    for (let at = 0; at < 3 * limit; at += 1) {
      if (nodeAt(at).begin(attemptOf(at)).type === 'verify') verified += 1;
      clock.advance(1_000 / perSecond);
      if (clock.monotonic() % PULSE === 0) await pulse();
    }
    // What decays lets some more in.
    const decays = limit * (1 - 2 ** (-clock.monotonic() / halfLifeMs));
    assert.ok(verified >= limit && verified <= limit + decays + lag * perSecond, `${verified} of ${limit}`);
  });

test('D-OUT-4: who goes to another node with many tries is known there after the first', async () => {
  const { clock, nodeAt, pulse } = cluster(2);
  for (let at = 0; at < 25; at += 1) nodeAt(0).begin(guess(at));
  clock.advance(PULSE);
  await pulse();
  assert.deepEqual(nodeAt(1).begin(guess(100)).type, 'verify', 'nobody asked for it there');
  clock.advance(PULSE);
  await pulse();
  assert.equal(nodeAt(1).begin(guess(101)).type, 'refuse');
  assert.equal(nodeAt(1).begin(guess(101, 'bob', '198.51.100.0/24')).type, 'verify');
});

test('D-OUT-4: what others counted decays like what was counted here', async () => {
  const { clock, nodeAt, pulse } = cluster(2);
  for (let at = 0; at < 16; at += 1) nodeAt(0).begin(guess(at));
  nodeAt(1).begin(guess(100));
  await pulse();
  const seen = (): number => nodeAt(1).counts.ofPair(guess(0), clock.monotonic());
  assert.equal(seen(), 17);
  clock.advance(halfLifeMs);
  assert.equal(seen(), 8.5);
  await pulse();
  assert.ok(Math.abs(seen() - 8.5) < 1e-9, `${seen()}`);
});

test('D-OUT-4: what is taken back here is forgotten elsewhere too', async () => {
  const { clock, nodeAt, pulse } = cluster(2);
  const leaves = Array.from({ length: 40 }, (_, at) => nodeAt(0).begin(guess(0, `user${at}`)));
  nodeAt(1).begin(guess(0, 'probe'));
  await pulse();
  const seen = (): number => nodeAt(1).counts.ofNetwork(guess(0), clock.monotonic());
  assert.equal(seen(), 41);
  for (const leave of leaves) if (leave.type === 'verify') leave.succeeded(clock.monotonic());
  await pulse();
  await pulse();
  assert.equal(seen(), 1);
});

test('D-OUT-4: while the store is away each node counts alone, and tells it later', async () => {
  const { clock, nodeAt, pulse, away } = cluster(2);
  away(true);
  for (let at = 0; at < 10; at += 1) nodeAt(at).begin(guess(at));
  await pulse();
  const seen = (node: number): number => nodeAt(node).counts.ofPair(guess(0), clock.monotonic());
  assert.deepEqual([seen(0), seen(1)], [5, 5]);
  away(false);
  await pulse();
  await pulse();
  assert.deepEqual([seen(0), seen(1)], [10, 10]);
});

test('D-OUT-4: only what changed is told, from the second wrong secret on, and no name as it was typed', async () => {
  const { clock, nodeAt, pulse, asked } = cluster(1);
  const told = async (): Promise<readonly (number | undefined)[]> => {
    asked.length = 0;
    clock.advance(PULSE);
    await pulse();
    return asked.flatMap((change) =>
      change.type === 'guesses' ? change.counts.map(({ count }) => count && Math.round(count)) : [],
    );
  };
  assert.deepEqual(await told(), [], 'there is nothing to ask');
  nodeAt(0).begin(guess(0));
  assert.deepEqual(await told(), [undefined, undefined, undefined]);
  nodeAt(0).begin(guess(1));
  nodeAt(0).begin(guess(2));
  assert.deepEqual(await told(), [3, 3, 3]);
  assert.doesNotMatch(JSON.stringify(asked), /alice|192\.0\.2/);
  assert.deepEqual(await told(), [undefined, undefined, undefined]);
  clock.advance(20 * MINUTE);
  assert.deepEqual(await told(), [0, 0, 0], 'little is left');
  clock.advance(60 * MINUTE);
  assert.deepEqual(await told(), []);
});

test('D-OUT-4: of more than one change holds, what is new and most goes first', async () => {
  const { nodeAt, pulse, asked } = cluster(1);
  const shared = { shared: true };
  for (let at = 0; at < 2 * GUESSES_MAX; at += 1) nodeAt(0).begin({ ...guess(0, `user${at}`), ...shared });
  for (let at = 1; at < 5; at += 1) nodeAt(0).begin({ ...guess(at, 'user7'), ...shared });
  const first = async (): Promise<readonly (number | undefined)[]> => {
    await pulse();
    const change = asked.pop();
    assert.ok(change?.type === 'guesses');
    assert.equal(change.counts.length, GUESSES_MAX);
    return change.counts.slice(0, 3).map(({ count }) => count);
  };
  assert.deepEqual(await first(), [5, 5, undefined]);
  nodeAt(0).begin({ ...guess(1, 'user9'), ...shared });
  assert.deepEqual(await first(), [2, 2, undefined]);
});
