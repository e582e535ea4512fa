// The guard of second factors where what counts guesses is away: nobody is let in, and it is told in words.

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
