// Secrets that are given out for minutes: which one gives way where there are too many.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { countedEntropy } from '../store/store.contract-fixtures.ts';
import { keepSecrets } from './kept.ts';

test('where there are too many the oldest of whoever has most gives way, and nobody else loses any', () => {
  const [clock, entropy] = [virtualClock(0), countedEntropy()];
  const kept = keepSecrets<string>({ clock, entropy, ms: 1000, max: 4, whose: (login) => login });
  const alice = kept.keep('alice');
  const mallory = Array.from({ length: 9 }, () => kept.keep('mallory'));
  assert.equal(kept.look(alice), 'alice');
  assert.deepEqual(
    mallory.map((secret) => kept.look(secret)),
    [...Array.from({ length: 6 }, () => undefined), 'mallory', 'mallory', 'mallory'],
  );
});
