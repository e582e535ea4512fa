// What a change of many recipients says of itself, whole or broken off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandFailure } from './failure.ts';
import { inSlices } from './in-slices.ts';

/** Each number is a slice that changes so many; an error is one that fails. */
function given(slices: readonly (number | Error)[]): Promise<number> {
  return inSlices(
    async (at: number = 0) => {
      const one = slices[at];
      if (one === undefined || one instanceof Error) throw one ?? new Error('asked beyond the end');
      return { count: one, ...(at + 1 < slices.length ? { next: at + 1 } : {}) };
    },
    (count) => `gave up ${count} of 9`,
  );
}

test('what all slices changed is told together', async () => {
  assert.equal(await given([2]), 2);
  assert.equal(await given([2, 0, 3]), 5);
});

test('what breaks off halfway says how many were done', async () => {
  const error = await given([2, 3, new Error('no space')]).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof CommandFailure);
  assert.equal(error.message, 'no space; gave up 5 of 9, the same command does the rest');
  assert.equal(error.code, 3);
});

test('what fails before anything was done says only why', async () => {
  const cause = new Error('no space');
  await assert.rejects(given([cause]), (error) => error === cause);
});
