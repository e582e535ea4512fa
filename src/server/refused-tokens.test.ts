// Refused tokens of the API: each is counted, few lines tell of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { RefusedTokens } from './refused-tokens.ts';

test('each refused token is counted, and told at most once in ten seconds with how many there were', () => {
  const clock = virtualClock(0);
  const lines: object[] = [];
  const refused = new RefusedTokens(clock, { warn: (facts: object) => void lines.push(facts) });
  const one = { address: '192.0.2.1', because: 'it is not valid' };
  for (let at = 0; at < 5; at += 1) refused.add(one);
  clock.advance(10_000);
  refused.add(one);
  assert.equal(refused.count, 6);
  assert.deepEqual(lines, [
    { ...one, times: 1 },
    { ...one, times: 5 },
  ]);
});
