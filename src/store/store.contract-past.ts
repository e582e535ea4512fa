// Contract: mail that becomes due for a time before what was claimed last is claimed all the same, and at once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery } from './port.ts';
import {
  Bench,
  changed,
  deferred,
  HOUR,
  identityOf,
  keyOf,
  type Open,
  settleOf,
} from './store.contract-fixtures.ts';

const bot = identityOf('bot');
const suspended = changed(bot, { state: 'suspended' });

interface Past {
  readonly bench: Bench;
  /** A time that is past when mail is brought. */
  readonly dueAt: number;
}

interface Way {
  /** Gives what goes on to the second part. */
  prepare(past: Past): Promise<readonly Delivery[] | undefined>;
  bring(past: Past, prepared: readonly Delivery[]): Promise<unknown>;
}

const to = ['x@far.example'];
const nothing = (): Promise<undefined> => Promise.resolve(undefined);
const command = { type: 'queue', by: 'root', selector: { domain: 'far.example' } } as const;

async function leased({ bench }: Past): Promise<readonly Delivery[]> {
  await bench.accepted({ to });
  return bench.claim('other');
}

const ways: Readonly<Record<string, Way>> = {
  'it was accepted': {
    prepare: nothing,
    bring: ({ bench, dueAt }) => bench.accepted({ to, dueAt }),
  },
  'it was put off': {
    prepare: leased,
    bring: ({ bench, dueAt }, those) => bench.one(settleOf('other', those, deferred(dueAt), dueAt)),
  },
  'it was given back': {
    prepare: leased,
    bring: ({ bench, dueAt }, only) => bench.one({ type: 'free', ownerPrefix: 'other', only, dueAt }),
  },
  'all of its owner was given back': {
    prepare: leased,
    bring: ({ bench, dueAt }) => bench.one({ type: 'free', ownerPrefix: 'oth', dueAt }),
  },
  'it was given back out of a hand': {
    prepare: async ({ bench }) => void (await bench.accepted({ to, owner: 'other' })),
    bring: ({ bench, dueAt }) => bench.one({ type: 'free', ownerPrefix: 'oth', dueAt }),
  },
  'it was released by a clock that is behind': {
    async prepare({ bench, dueAt }) {
      await bench.accepted({ to });
      await bench.one({ ...command, action: 'hold', now: dueAt });
    },
    bring: ({ bench, dueAt }) => bench.one({ ...command, action: 'release', now: dueAt }),
  },
  'it is to be tried again, by a clock that is behind': {
    prepare: async ({ bench }) => void (await bench.accepted({ to, dueAt: bench.clock.now() + 9 * HOUR })),
    bring: ({ bench, dueAt }) => bench.one({ ...command, action: 'retry', now: dueAt }),
  },
  'its sender may send again': {
    async prepare({ bench }) {
      await bench.written(bot);
      await bench.accepted({ to, identityId: bot.id });
      await bench.written(suspended);
      assert.deepEqual(await bench.claim('a'), []);
    },
    bring: ({ bench }) => bench.written(changed(suspended, { state: 'active' })),
  },
};

/** So many are claimed before, due later. */
const LATER = 20;

export function pastContract(name: string, open: Open): void {
  for (const [way, { prepare, bring }] of Object.entries(ways))
    test(`${name}: what is due before all that was claimed is claimed at once: ${way}`, async () => {
      await using bench = await Bench.open(open);
      const past = { bench, dueAt: bench.clock.now() };
      const prepared = await prepare(past);
      bench.clock.advance(HOUR);
      for (let count = 0; count < LATER; count += 1) await bench.accepted({ to });
      const claimed = await bench.claim('a');
      assert.equal(claimed.length, LATER);
      await bring(past, prepared ?? []);
      const those = new Set(claimed.map(keyOf));
      const others = (await bench.queued()).filter((key) => !those.has(key));
      assert.equal(others.length, 1);
      assert.deepEqual((await bench.claim('a')).map(keyOf), others);
    });
}
