// Several nodes on one store in memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoreNotice } from '../port.ts';
import { acceptOf, countedEntropy, START, virtualClock } from '../store.contract-fixtures.ts';
import { guessesContract } from '../store.contract-guesses.ts';
import { endsContract } from '../store.contract-life-ends.ts';
import { livesContract, type OpenShared } from '../store.contract-lives.ts';
import { openMemoryStore } from './store.ts';

const open: OpenShared = async (ports) => {
  const memory = openMemoryStore(ports);
  const { lookups } = memory;
  return {
    lookups,
    writer: async (options) => memory.beside(options),
    close: async () => memory.close(),
  };
};
livesContract('memory', open);
endsContract('memory', open);
guessesContract('memory', open);

test('memory: each of two hears at once what the other did', () => {
  const clock = virtualClock(START);
  const memory = openMemoryStore({ clock, entropy: countedEntropy() });
  const heard: StoreNotice[] = [];
  const [one] = [0, 1].map(() => memory.beside({ onNotice: (notice) => void heard.push(notice) }));
  const change = acceptOf('01KB0000000000000000000000', START, {});
  assert.deepEqual(one?.apply([change]), [{ type: 'accepted' }]);
  assert.deepEqual(heard, [{ type: 'due' }, { type: 'due' }]);
});
