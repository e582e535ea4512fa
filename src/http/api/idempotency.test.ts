// Answers that are kept under an `Idempotency-Key`: for how long, for whom, and which are not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIdempotency, ENTRIES_MAX, type KeptAnswer } from './idempotency.ts';

const answerOf = (status: number): KeptAnswer => ({ status, headers: {}, body: '{}' });
const asked = { asker: 'token', key: '4711', request: 'POST /x' };

function begin(status = 200) {
  let now = 0;
  let done = 0;
  const idempotency = createIdempotency(() => now);
  const ask = (of: Partial<typeof asked> = {}) =>
    idempotency.once({ ...asked, ...of }, async () => {
      done += 1;
      return answerOf(status);
    });
  return { ask, pass: (ms: number) => (now += ms), done: () => done };
}

for (const [status, times] of [
  [200, 1],
  [409, 1],
  [503, 2],
] as const)
  test(`what was answered by ${status} is ${times === 1 ? 'answered again, and not done' : 'done anew'}`, async () => {
    const { ask, done } = begin(status);
    const answers = [await ask(), await ask()];
    assert.deepEqual([done(), answers[1]?.again], [times, times === 1 ? true : undefined]);
  });

test('what broke off is done anew', async () => {
  const idempotency = createIdempotency(() => 0);
  await assert.rejects(
    idempotency.once(asked, () => Promise.reject(new Error('the store is away'))),
    /away/,
  );
  assert.equal((await idempotency.once(asked, async () => answerOf(200))).again, undefined);
});

test('an answer is kept for ten minutes', async () => {
  const { ask, pass, done } = begin();
  await ask();
  pass(10 * 60_000 - 1);
  await ask();
  assert.equal(done(), 1);
  pass(1);
  await ask();
  assert.equal(done(), 2);
});

test('the key of one token is unknown to others', async () => {
  const { ask, done } = begin();
  await ask();
  await ask({ asker: 'another', request: 'POST /y' });
  assert.equal(done(), 2);
  await assert.rejects(ask({ request: 'POST /y' }), /came with another request before/);
});

test('when there are too many keys, whoever has most loses his oldest, and nobody else any', async () => {
  const { ask, done } = begin();
  await ask();
  for (let n = 0; n < 2 * ENTRIES_MAX; n += 1) await ask({ asker: `greedy ${n % 4}`, key: `${n}` });
  const before = done();
  assert.equal((await ask()).again, true);
  assert.equal((await ask({ asker: 'greedy 3', key: `${2 * ENTRIES_MAX - 1}` })).again, true);
  assert.equal(done(), before);
  await ask({ asker: 'greedy 0', key: '0' });
  assert.equal(done(), before + 1, 'it was his oldest');
});
