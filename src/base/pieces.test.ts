// Pieces: every octet in order, in few objects.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { concat } from './bytes.ts';
import { Pieces } from './pieces.ts';

function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

test('what was pushed is taken in order, whatever the sizes, and a take empties', () => {
  const sizes = fc.array(fc.oneof(fc.nat(10), fc.nat(5000), fc.constant(70_000)), { maxLength: 30 });
  fc.assert(
    fc.property(sizes, fc.nat(30), (lengths, takeAt) => {
      const pieces = new Pieces();
      const given = lengths.map((length, at) => filled(length, at + 1));
      const taken: Uint8Array[] = [];
      for (const [at, bytes] of given.entries()) {
        if (at === takeAt) taken.push(...pieces.take());
        pieces.push(bytes);
        assert.equal(
          pieces.isEmpty,
          lengths.slice(takeAt <= at ? takeAt : 0, at + 1).every((length) => length === 0),
        );
      }
      taken.push(...pieces.take());
      assert.equal(Buffer.compare(concat(taken), concat(given)), 0);
      assert.deepEqual(pieces.take(), []);
    }),
    { seed: 20261123, numRuns: 300 },
  );
});

test('what was taken is not written to by what comes later', () => {
  const pieces = new Pieces();
  pieces.push(filled(10, 1));
  const [first] = pieces.take();
  pieces.push(filled(10, 2));
  assert.deepEqual(first, filled(10, 1));
  assert.deepEqual(pieces.take(), [filled(10, 2)]);
});

test('many tiny pieces of large buffers cost a few blocks', () => {
  const pieces = new Pieces();
  const buffer = filled(65_536, 7);
  for (let at = 0; at < 100_000; at += 1) pieces.push(buffer.subarray(at % 100, (at % 100) + 1));
  const chunks = pieces.take();
  assert.ok(chunks.length < 20, `${chunks.length} chunks`);
  assert.ok(chunks.every((chunk) => chunk.buffer !== buffer.buffer));
  const kept = new Set(chunks.map((chunk) => chunk.buffer));
  assert.ok([...kept].reduce((sum, block) => sum + block.byteLength, 0) < 200_000);
});

test('a large piece is not copied', () => {
  const pieces = new Pieces();
  const large = filled(10_000, 3);
  pieces.push(filled(1, 1));
  pieces.push(large);
  pieces.push(filled(1, 2));
  assert.equal(pieces.take()[1], large);
});
