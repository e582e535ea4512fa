// A notice is reported once, however often its report had to be written.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { message, START, turns } from '../../test/fakes/delivery-job.ts';
import { fakeStore } from '../../test/fakes/submission.ts';
import type { Outcome } from '../store/port.ts';
import { createReporter } from './reporter.ts';
import type { RelaySettings } from './settings.ts';

const AGAIN_MS = 60_000;

test('E-D-5: a message whose report is withheld counts when that is written, not each time that it is tried', async () => {
  const clock = virtualClock(START);
  const store = fakeStore();
  const about = {
    forwardPath: 'x@example.org',
    action: 'failed',
    status: '5.1.1',
    diagnostic: '550 no',
  } as const;
  const notices = [{ recipientNumber: 0, at: START, about }];
  const answers: Outcome[] = [
    { type: 'failed', cause: 'disk' },
    { type: 'stale' },
    { type: 'reported', messageDone: true },
  ];
  store.answer = ({ type }) => {
    if (type === 'dueNotices')
      return { type, due: answers.length === 0 ? [] : [{ message: { ...message, role: 'mx' }, notices }] };
    return type === 'report' ? answers.shift() : undefined;
  };
  const withheld: string[] = [];
  const reporter = createReporter({
    ...{ store, clock, settings: () => ({}) as RelaySettings },
    lookups: { content: () => Promise.reject(new Error('not asked for')) },
    log: { warn: () => undefined, error: () => undefined },
    writer: {
      write: () => Promise.reject(new Error('unused')),
      summary: () => Promise.resolve(undefined),
    },
    cap: {
      refuses: () => 'too many',
      withheld: (id) => void withheld.push(id),
      stop: () => Promise.resolve(),
    },
  });
  const counts: number[] = [];
  for (let n = 0; n < 4; n += 1) {
    clock.advance(AGAIN_MS);
    await turns();
    counts.push(withheld.length);
  }
  assert.deepEqual(counts, [0, 0, 1, 1]);
  await reporter.stop();
});
