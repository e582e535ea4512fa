// The guard of second factors: where what counts guesses is away nobody is let in, and it is told in words; what becomes of a guess is told to who counts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith } from '../../test/fakes/administration.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { factorGuards } from './factor-guard.ts';

const client = { address: '192.0.2.1', port: 1, browser: 'Firefox' };
const tried = { identityId: 'id-alice', login: 'alice@example.org', what: 'code', shown: '000000' } as const;

const lines = [
  ['no lookup thread', undefined],
  ['a lookup thread that ends meanwhile', { ask: () => Promise.reject(new Error('the thread is gone')) }],
  ['one that does not answer', { ask: () => Promise.resolve(undefined) }],
] as const;

for (const [why, line] of lines)
  test(`${why}: no code is looked at`, async () => {
    const guard = factorGuards({
      ...{ clock: virtualClock(0), lookupThread: () => line },
      ...{ note: () => assert.fail('nobody failed'), report: () => undefined },
    })(client);
    await assert.rejects(guard.begin(tried), failsWith('trouble', /can not be judged now/));
  });

interface End {
  readonly came: 'right' | 'wrong' | 'notLookedAt' | 'notJudged';
  /** What who counts is told; empty: it stays a wrong one. */
  readonly told: readonly unknown[];
  readonly recorded: readonly string[];
}

const ends: readonly End[] = [
  { came: 'right', told: [{ end: 7, isRight: true }], recorded: [] },
  { came: 'notJudged', told: [{ end: 7, isRight: false }], recorded: [] },
  { came: 'wrong', told: [], recorded: ['wrong code of the second factor'] },
  {
    came: 'notLookedAt',
    told: [{ end: 7, isRight: false }],
    recorded: ['too many wrong codes came before: it was not looked at'],
  },
];

for (const { came, told, recorded } of ends)
  test(`a guess that came to ${came} is counted and recorded as that`, async () => {
    const asked: unknown[] = [];
    const causes: string[] = [];
    const ask = (question: unknown): Promise<unknown> => {
      const { factor } = question as { readonly factor: object };
      if ('begin' in factor) return Promise.resolve({ type: 'verify', attempt: 7, delayMs: 0 });
      asked.push(factor);
      return Promise.resolve(true);
    };
    const guard = factorGuards({
      ...{ clock: virtualClock(0), lookupThread: () => ({ ask }) },
      ...{ note: ({ cause }) => void causes.push(cause), report: () => assert.fail('nothing is wrong') },
    })(client);
    const attempt = await guard.begin(tried);
    await attempt?.end(came);
    assert.deepEqual([asked, causes], [told, recorded]);
  });
