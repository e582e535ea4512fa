// The end of a job while the store fails: it is asked until it is done, and the log says each cause once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turns } from '../../test/fakes/front.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import type { Outcome, Store } from '../store/port.ts';
import type { DeliveryJob } from './delivery-job.ts';
import type { Reporter } from './reporter.ts';
import { Settling } from './settling.ts';
import type { RelaySettings } from './settings.ts';

const SECOND = 1_000;

test('an attempt that can not be settled is asked for each second, and told of once for each cause', async () => {
  const clock = virtualClock(1_000_000);
  const away = { type: 'failed', cause: 'away' } as const;
  const full = { type: 'failed', cause: 'full' } as const;
  const outcomes: Outcome[] = [away, away, away, full, full, { type: 'settled', messageDone: true }];
  const asked = outcomes.length;
  const said: unknown[] = [];
  const settling = new Settling(
    {
      clock,
      store: { commit: () => Promise.resolve([outcomes.shift()]) } as unknown as Store,
      lookups: { eventsOfMessage: () => Promise.resolve([]) },
      holder: { owner: 'mail1/i/1.1' },
      log: {
        error: (fields, text) => void said.push([fields, text]),
        warn: (_, text) => assert.fail(text),
        info: () => undefined,
      },
      settings: () => ({ retryMs: [60 * SECOND], expireMs: 600 * SECOND }) as unknown as RelaySettings,
    },
    { expect: () => undefined } as unknown as Reporter,
  );
  const job = {
    message: { id: 'm', acceptedAt: clock.now(), envelope: { reversePath: 'alice@example.org' } },
    deliveries: [
      {
        ...{ messageId: 'm', recipientNumber: 0, recipient: { forwardPath: 'bob@far.example' } },
        ...{ domain: 'far.example', attempt: 1, delayReported: false },
      },
    ],
  } as unknown as DeliveryJob;
  const settled = settling.settle(job, [{ type: 'delivered', status: '2.0.0', diagnostic: 'taken' }]);
  for (let second = 1; second < asked; second += 1) {
    await turns();
    clock.advance(SECOND);
  }
  await settled;
  assert.equal(outcomes.length, 0);
  const text = 'attempt could not be settled, asking again';
  assert.deepEqual(said, [
    [{ id: 'm', cause: 'away' }, text],
    [{ id: 'm', cause: 'full' }, text],
  ]);
});
