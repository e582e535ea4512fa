// Messages in the queue of which only the report is left.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueueTotals } from '../store/lookups.ts';
import { listQueue } from './queue-list.ts';

for (const [unreported, told] of [
  [undefined, /^the queue is empty\n$/],
  [2, /^2 messages, done but for the report to the sender; /],
] as const)
  test(`queue list tells of ${unreported ?? 'no'} messages whose report is still to be written`, async (t) => {
    const totals: QueueTotals = {
      ...{ messages: unreported ?? 0, deliveries: 0, held: 0, byDomain: [] },
      ...(unreported === undefined ? {} : { unreported }),
    };
    let said = '';
    t.mock.method(process.stdout, 'write', (text: string) => {
      said += text;
      return true;
    });
    const listed = { entries: [], deliveries: 0, totals };
    const administration = () => ({ listQueue: () => Promise.resolve(listed) });
    await listQueue({ administration, now: 0 } as never, undefined, {});
    t.mock.restoreAll();
    assert.match(said, told);
  });
