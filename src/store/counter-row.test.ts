import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyCounter } from '../policy/limits.ts';
import { packedCounter, unpackedCounter } from './counter-row.ts';

const plain = { noNullPrototype: true };
const count = fc.nat();
const counts = fc.record({ messages: count, recipients: count, nullSender: count }, plain);
const window = fc.record({ start: fc.maxSafeNat(), current: counts, previous: counts }, plain);

test('a counter comes out of its row as it went in, and another row is none', () => {
  fc.assert(
    fc.property(fc.record({ hour: window, day: window }, plain), (counter) => {
      const row = packedCounter(counter);
      assert.deepEqual(unpackedCounter(row), counter);
      // As it comes from a line: a part of a larger one.
      assert.deepEqual(unpackedCounter(Buffer.concat([Buffer.alloc(3), row]).subarray(3)), counter);
    }),
  );
  assert.equal(packedCounter(emptyCounter).length, 112);
  for (const length of [0, 111, 113]) assert.throws(() => unpackedCounter(new Uint8Array(length)));
});
