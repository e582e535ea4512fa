// Whether new connections should come here: each condition by itself, one that does not answer, and the announcement of a stop.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { fakeHolder } from '../../test/fakes/holder.ts';
import { turns } from '../../test/fakes/front.ts';
import { conditionsOf, isReady, Readiness } from './readiness.ts';
import type { StoreFigures } from './store-body.ts';

type Asked = Parameters<typeof conditionsOf>[0];

const figures = (full: boolean): Promise<StoreFigures> => Promise.resolve({ full } as StoreFigures);
const dead = (...missing: Asked['restarts']['missing']): Asked['restarts'] => ({
  missing,
  deathsOf: () => missing.length,
});
const well: Asked = {
  ...{ listens: true, restarts: dead(), storeFigures: () => figures(false), lease: fakeHolder() },
};

function readinessOf(change: Partial<Asked> = {}) {
  const clock = virtualClock(0);
  return { clock, readiness: new Readiness(clock, conditionsOf({ ...well, ...change })) };
}

const unmet = async (readiness: Readiness): Promise<readonly (readonly [string, string])[]> =>
  (await readiness.look()).flatMap(({ name, because }) =>
    because === undefined ? [] : [[name, because] as const],
  );

const situations: readonly (readonly [
  why: string,
  change: Partial<Asked>,
  unmet: readonly (readonly [string, string])[],
])[] = [
  ['all is well', {}, []],
  ['it does not listen yet, or no more', { listens: false }, [['listening', 'no front takes connections']]],
  [
    'the lookup thread died',
    { restarts: dead({ name: 'lookup', because: 'out of memory' }) },
    [['lookup', 'nobody could log in: out of memory']],
  ],
  ['a front died, and others listen', { restarts: dead({ name: 'front 2', because: 'a bug' }) }, []],
  [
    'the store is out, and it is known why',
    {
      restarts: dead({ name: 'store', because: 'db1:5432: nobody listens there' }),
      storeFigures: () => Promise.reject(new Error('the other thread is gone')),
    },
    [
      ['store', 'db1:5432: nobody listens there'],
      ['space', 'db1:5432: nobody listens there'],
    ],
  ],
  [
    'the lease of the node is not held',
    { lease: { mayAct: () => false, isSure: () => true } },
    [['lease', 'this node has not heard of the store for too long']],
  ],
  [
    'what others changed is not known',
    { lease: { mayAct: () => true, isSure: () => false } },
    [['feed', 'what other nodes changed is not known: nobody is believed']],
  ],
  [
    'the disk is full',
    { storeFigures: () => figures(true) },
    [['space', 'below the free-space floor: nothing is accepted']],
  ],
  [
    'the store could not keep a promise',
    { storeFigures: async () => ({ ...(await figures(false)), unfit: 'fsync is off' }) },
    [['store', 'fsync is off']],
  ],
  [
    'the store is being started again',
    { storeFigures: () => Promise.reject(new Error('the line is closed')) },
    [
      ['store', 'the line is closed'],
      ['space', 'the line is closed'],
    ],
  ],
];

for (const [why, change, expected] of situations)
  test(`ready: ${why}`, async () => {
    const { readiness } = readinessOf(change);
    assert.deepEqual(await unmet(readiness), expected);
    assert.equal(isReady(await readiness.look()), expected.length === 0);
  });

test('a store that does not answer within a second is no store', async () => {
  const { clock, readiness } = readinessOf({ storeFigures: () => new Promise(() => undefined) });
  let names: readonly string[] | undefined;
  void unmet(readiness).then((found) => (names = found.map(([name]) => name)));
  await turns();
  clock.advance(1_000);
  await turns();
  assert.deepEqual(names, ['store', 'space']);
});

test('a stop is announced: no at once, and nothing else happens for as long as it says', async () => {
  const { clock, readiness } = readinessOf();
  let isOver = false;
  const announced = readiness.leave(5_000).then(() => (isOver = true));
  assert.deepEqual(await unmet(readiness), [['staying', 'the server is about to stop']]);
  clock.advance(4_999);
  await turns();
  assert.equal(isOver, false);
  clock.advance(1);
  await announced;
  await readinessOf().readiness.leave(0);
});
