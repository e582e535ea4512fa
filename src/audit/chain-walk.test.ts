// Trails of several chains: two side by side, one cut, one that begins at a checkpoint, one forked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptDigest } from '../record/beginnings.ts';
import type { EventDraft } from '../record/events.ts';
import { type ChainEnd, firstLink, sealed } from '../record/link.ts';
import { purgedEvent } from '../store/forgetting.ts';
import type { Chain, ChainLink } from '../store/lookups.ts';
import { countedEntropy, START, started } from '../store/store.contract-fixtures.ts';
import { endOfTail } from './chain.ts';
import { lastLinksText, type Verifiable, verifyTrail } from './verify.ts';

const entropy = countedEntropy();
const startOfChain = (chain: number): ChainEnd => ({ chain, sequence: 0, link: firstLink });

/** These events, or so many, after that one. */
function eventsAfter(start: ChainEnd, of: number | readonly EventDraft[]): readonly ChainLink[] {
  const { chain } = start;
  const drafts = typeof of === 'number' ? Array.from({ length: of }, (_, at) => started(START + at)) : of;
  const links: ChainLink[] = [];
  let end = start;
  for (const event of drafts) {
    const { payload, sequence, partHashes, link } = sealed(end, event, () => entropy.bytes(16));
    links.push({
      ...{ chain, sequence, time: event.time, type: event.type, partHashes, link, cursor: '' },
      ...{ salt: payload.salt, payload: payload.octets, placeSalt: undefined, place: undefined },
    });
    end = { chain, sequence, link };
  }
  return links;
}

/** A chain of who has dropped what stood before these checkpoints, and kept these events of it. */
function purgeOf(checkpoints: readonly ChainEnd[], kept: readonly ChainLink[] = []): readonly ChainLink[] {
  const digest = new KeptDigest();
  for (const event of kept) digest.add(event);
  const beginnings = { checkpoints, kept: kept.length, keptDigest: digest.digest() };
  const change = { type: 'purge', eventsBefore: START, now: START + 9, max: 1 } as const;
  const event = purgedEvent(change, { events: 1, tombstones: 0, sharedKeys: 0 }, beginnings);
  return eventsAfter(startOfChain(1), event === undefined ? [] : [event]);
}

const endOf = (links: readonly ChainLink[]): ChainEnd => {
  const { chain, sequence, link } = links.at(-1)!;
  return { chain, sequence, link };
};

const registered = (chain: number, head: ChainEnd, more: Partial<Chain> = {}): Chain => ({
  ...{ chain, name: `node ${chain}`, startedAt: START + chain, head },
  ...more,
});

function trailOf(chains: readonly Chain[], walk: readonly ChainLink[]): Verifiable {
  const links = walk.map((link, at) => ({ ...link, cursor: String(at + 1) }));
  return {
    chains: async () => chains,
    links: async ({ after = '0', max }) => links.slice(Number(after), Number(after) + max),
    indexEntries: async () => 0,
    strayEntries: async () => ({ stray: [] }),
    queue: async () => [],
    acceptances: async () => [],
  };
}

const one = eventsAfter(startOfChain(1), 3);
const two = eventsAfter(startOfChain(2), 4);
const fork = [...two.slice(0, 2), ...eventsAfter(endOf(two.slice(0, 2)), 2)];
const both = [one[0]!, two[0]!, two[1]!, one[1]!, one[2]!, two[2]!, two[3]!];
const register = [registered(1, endOf(one)), registered(2, endOf(two))];
const checkpoint = endOf(two.slice(0, 2));
const later = registered(2, endOf(two), { checkpoint });
const told = purgeOf([checkpoint]);
const keeping = purgeOf([checkpoint], two.slice(0, 1));
const purging = registered(1, endOf(told));
const purgingAndKeeping = registered(1, endOf(keeping));

const trails: readonly {
  readonly why: string;
  readonly chains: readonly Chain[];
  readonly walk: readonly ChainLink[];
  readonly broken?: readonly [event: unknown, because: RegExp];
}[] = [
  { why: 'two, one event of this and one of that', chains: register, walk: both },
  { why: 'two, one after the other', chains: register, walk: [...two, ...one] },
  { why: 'beyond the heads of the register', chains: [registered(1, endOf(one.slice(0, 1)))], walk: one },
  {
    why: 'one that has begun and says nothing yet',
    chains: [...register, registered(3, startOfChain(3))],
    walk: both,
  },
  {
    why: 'cut',
    chains: register,
    walk: both.slice(0, -1),
    broken: [{ chain: 2, sequence: 4 }, /had come to event 4: its end was cut off/],
  },
  {
    why: 'gone altogether',
    chains: register,
    walk: one,
    broken: [{ chain: 2, sequence: 1 }, /its end was cut off/],
  },
  { why: 'from its checkpoint', chains: [purging, later], walk: [...told, ...two.slice(2)] },
  {
    why: 'from a checkpoint that no purge tells of',
    chains: [register[0]!, later],
    walk: [...one, ...two.slice(2)],
    broken: [{ chain: 2, sequence: 2 }, /no purge tells of it: its beginning was removed/],
  },
  {
    why: 'from a checkpoint after the one that a purge tells of',
    chains: [purging, { ...later, checkpoint: endOf(two.slice(0, 3)) }],
    walk: [...told, ...two.slice(3)],
    broken: [{ chain: 2, sequence: 3 }, /no purge tells of it/],
  },
  {
    why: 'from a checkpoint of which nothing is left but its purge',
    chains: [purging, { ...later, head: checkpoint }],
    walk: told,
  },
  {
    why: 'from a checkpoint, of a purge whose content is gone',
    chains: [purging, later],
    walk: [{ ...told[0]!, payload: undefined, salt: undefined }, ...two.slice(2)],
    broken: [{ chain: 2, sequence: 2 }, /no purge tells of it/],
  },
  {
    why: 'with an event that was kept of its beginning',
    chains: [purgingAndKeeping, later],
    walk: [...keeping, two[0]!, ...two.slice(2)],
  },
  {
    why: 'with another event of its beginning than was kept',
    chains: [purgingAndKeeping, later],
    walk: [...keeping, two[1]!, ...two.slice(2)],
    broken: [undefined, /no purge tells of just these/],
  },
  {
    why: 'with more of its beginning than was kept',
    chains: [purgingAndKeeping, later],
    walk: [...keeping, ...two],
    broken: [undefined, /no purge tells of just these/],
  },
  {
    why: 'with less of its beginning than was kept',
    chains: [purgingAndKeeping, later],
    walk: [...keeping, ...two.slice(2)],
    broken: [undefined, /no purge tells of just these/],
  },
  {
    why: 'with an event of another time than was kept',
    chains: [purgingAndKeeping, later],
    walk: [...keeping, { ...two[0]!, time: START + 7 }, ...two.slice(2)],
    broken: [undefined, /no purge tells of just these/],
  },
  {
    why: 'with an event of other content than was kept',
    chains: [purgingAndKeeping, later],
    walk: [...keeping, { ...two[0]!, salt: two[1]!.salt }, ...two.slice(2)],
    broken: [{ chain: 2, sequence: 1 }, /content was changed/],
  },
  {
    why: 'from after its checkpoint',
    chains: [later],
    walk: two.slice(3),
    broken: [{ chain: 2, sequence: 4 }, /event 3 is missing/],
  },
  {
    why: 'from another checkpoint',
    chains: [{ ...later, checkpoint: { chain: 2, sequence: 2, link: firstLink } }],
    walk: two.slice(2),
    broken: [{ chain: 2, sequence: 3 }, /link/],
  },
  {
    why: 'forked, and the register knows the other branch',
    chains: register,
    walk: [...one, ...fork],
    broken: [{ chain: 2, sequence: 4 }, /the register has seen another event in its place/],
  },
  {
    why: 'forked, with both branches there',
    chains: register,
    walk: [...both, ...fork.slice(2)],
    broken: [{ chain: 2, sequence: 3 }, /event 5 is missing/],
  },
  {
    why: 'unknown to the register',
    chains: [register[0]!],
    walk: both,
    broken: [{ chain: 2, sequence: 1 }, /the register knows no chain 2/],
  },
];

for (const { why, chains, walk, broken } of trails)
  test(`D-TR-3: each chain is verified for itself: ${why}`, async () => {
    const verified = await verifyTrail(trailOf(chains, walk));
    if (broken === undefined) {
      assert.equal(verified.broken, undefined, verified.broken?.because);
      assert.equal(verified.events, walk.length);
      assert.equal(verified.chains.length, chains.length);
    } else {
      assert.deepEqual(verified.broken?.event, broken[0]);
      assert.match(verified.broken?.because ?? '', broken[1]);
    }
  });

test('D-TR-3: a chain that begins while the trail is verified is read from the register then', async () => {
  const trail = trailOf([register[0]!], both);
  let looks = 0;
  const chains = async () => ((looks += 1) === 1 ? trail.chains() : register);
  const verified = await verifyTrail({ ...trail, chains });
  assert.deepEqual([verified.broken, verified.chains.length], [undefined, 2]);
});

test('D-TR-3: of a chain that begins at a checkpoint it is told that not all of it is here', async () => {
  const { chains } = await verifyTrail(trailOf([purging, later], [...told, ...two.slice(2)]));
  const [whole, part] = lastLinksText(chains).split('\n');
  assert.match(whole ?? '', /^last link of chain 1 \(node 1\) [0-9a-f]{64}$/);
  assert.match(part ?? '', /^last link of chain 2 \(node 2\) [0-9a-f]{64}, here only after its event 2$/);
});

test('D-TR-3: a link that was kept is looked for in every chain', async () => {
  const expect = Buffer.from(two[1]!.link).toString('hex');
  assert.equal((await verifyTrail(trailOf(register, both), { expect })).broken, undefined);
  const dropped = trailOf([purging, later], [...told, ...two.slice(2)]);
  assert.equal((await verifyTrail(dropped, { expect })).broken, undefined, 'it is that of the checkpoint');
  const { broken } = await verifyTrail(dropped, { expect: Buffer.from(two[0]!.link).toString('hex') });
  assert.match(broken?.because ?? '', /it is older than the retention, or the end of the trail was cut off/);
});

test('D-TR-3: what is dropped while the trail is verified is no flaw', async () => {
  const after = trailOf([purging, later], [...told, ...two.slice(2)]);
  let looks = 0;
  const chains = async () => ((looks += 1) === 1 ? [purging, register[1]!] : after.chains());
  const verified = await verifyTrail({ ...after, chains });
  assert.deepEqual([verified.broken, verified.events], [undefined, 3]);
});

test('the end of a tail: it follows in each chain, and the numbers of all chains together are the number of events', async () => {
  const tail = (walk: readonly ChainLink[], chains = register) => ({
    ...{ chains: async () => chains, newestLinks: async () => walk },
  });
  const end = { ...endOf(two), version: 2 };
  assert.deepEqual(await endOfTail(tail(both.slice(1)), 7), end);
  assert.deepEqual(await endOfTail(tail(two.slice(2)), 7), end, 'the other chain has long ended');
  assert.deepEqual(await endOfTail(tail(two.slice(2), [later]), 2), end);
  assert.deepEqual(await endOfTail(tail(two.slice(2), [later]), 3), end, 'one of before it was kept');
  const tooFew = await endOfTail(tail(two.slice(2), [later]), 1);
  assert.equal(tooFew, 'it holds 1 events, and its chains count 2');
  assert.equal(await endOfTail(tail(both), 6), 'it holds 6 events, and its chains count 7');
  const gap = await endOfTail(tail(both.toSpliced(5, 1)), 6);
  assert.equal(gap, 'event 4 of chain 2: event 3 is missing');
});
