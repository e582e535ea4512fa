// Contract, part of the trail: how much mail an identity had on each day; who looked at it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventDraft, SessionFacts } from '../record/events.ts';
import { DAY_EVENTS_MAX, type DayCounts } from './days.ts';
import { Bench, DAY, HOUR, type Open, START } from './store.contract-fixtures.ts';

const MIDNIGHT = START - (START % DAY);
const none = { accepted: 0, delivered: 0, deferred: 0, failed: 0, refused: 0 };
const day = (days: number, counts: Partial<DayCounts>): DayCounts => ({
  ...{ at: MIDNIGHT + days * DAY, ...none, ...counts },
});

const session: SessionFacts = {
  ...{ sessionId: 's', role: 'submission', clientAddress: '192.0.2.7', clientPort: 1 },
  ...{ serverAddress: '198.51.100.1', serverPort: 465, ehlo: 'c' },
};

function refused(time: number, identityId: string, count: number): EventDraft {
  const reply = { command: 'RCPT', replyCode: 550, replyStatus: '5.1.1', cause: 'no such mailbox', count };
  return { type: 'refused', time, identityId, payload: { session, ...reply } };
}

function fate(type: 'delivered' | 'relayed' | 'deferred' | 'expired', time: number): EventDraft {
  const what = {
    recipient: 'b@x.example',
    recipientNumber: 0,
    attempt: 1,
    status: '2.0.0',
    diagnostic: 'ok',
  };
  return { type, time, identityId: 'i1', messageId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', payload: what };
}

function looked(time: number, identityId?: string): EventDraft {
  const payload = { by: 'desk (console)', action: 'trace', detail: {} };
  return { type: 'lookedUp', time, ...(identityId === undefined ? {} : { identityId }), payload };
}

const record = async (bench: Bench, events: readonly EventDraft[]): Promise<void> =>
  assert.deepEqual(await bench.one({ type: 'record', events }), { type: 'recorded' });

export function daysContract(name: string, open: Open): void {
  countedContract(name, open);
  cutContract(name, open);
  lookedAtContract(name, open);
}

function countedContract(name: string, open: Open): void {
  test(`${name}: the mail of an identity is counted by day, its own alone, indexed or not`, async () => {
    await using bench = await Bench.open(open);
    await bench.accepted({ identityId: 'i2' });
    await record(bench, [
      refused(START - 3 * DAY, 'i1', 9),
      fate('deferred', START - DAY),
      refused(START - DAY, 'i1', 3),
      refused(START - DAY, 'i1', 2),
      refused(START, 'i2', 1),
      fate('delivered', START),
      fate('relayed', START),
      fate('expired', START + DAY),
      looked(START, 'i1'),
    ]);
    await bench.accepted({ identityId: 'i1' });
    for (const when of ['at once', 'after a restart']) {
      assert.deepEqual(
        await bench.lookups.daysOf('i1', MIDNIGHT - 2 * DAY),
        {
          days: [
            day(1, { failed: 1 }),
            day(0, { accepted: 1, delivered: 2 }),
            day(-1, { deferred: 1, refused: 5 }),
          ],
          isCut: false,
        },
        when,
      );
      await bench.idle();
      await bench.restart();
    }
    assert.deepEqual(await bench.lookups.daysOf('nobody', 0), { days: [], isCut: false });
  });
}

function cutContract(name: string, open: Open): void {
  test(`${name}: no more events are counted than one look-up examines, the newest, and it says so`, async () => {
    await using bench = await Bench.open(open);
    const many = Array.from({ length: DAY_EVENTS_MAX }, () => fate('delivered', START));
    for (let at = 0; at < many.length; at += 500) await record(bench, many.slice(at, at + 500));
    assert.deepEqual(await bench.lookups.daysOf('i1', MIDNIGHT), {
      days: [day(0, { delivered: DAY_EVENTS_MAX })],
      isCut: false,
    });
    await record(bench, [fate('delivered', START + DAY)]);
    assert.deepEqual(await bench.lookups.daysOf('i1', MIDNIGHT), {
      days: [day(1, { delivered: 1 }), day(0, { delivered: DAY_EVENTS_MAX - 1 })],
      isCut: true,
    });
  });
}

function lookedAtContract(name: string, open: Open): void {
  test(`${name}: looks are found by whom they were at, apart from what he did`, async () => {
    await using bench = await Bench.open(open);
    await record(bench, [
      looked(START, 'i1'),
      refused(START, 'i1', 1),
      looked(START + HOUR, 'i2'),
      looked(START + HOUR),
      looked(START + 2 * HOUR, 'i1'),
    ]);
    for (const when of ['at once', 'after a restart']) {
      const looks = await bench.lookups.findEvents([{ kind: 'lookedAt', identityId: 'i1' }], { max: 9 });
      assert.deepEqual(
        looks.events.map(({ type, time }) => [type, time - START]),
        [
          ['lookedUp', 2 * HOUR],
          ['lookedUp', 0],
        ],
        when,
      );
      const own = await bench.lookups.findEvents([{ kind: 'identity', identityId: 'i1' }], { max: 9 });
      assert.deepEqual(
        own.events.map(({ type }) => type),
        ['refused'],
        when,
      );
      await bench.idle();
      await bench.restart();
    }
    const now = bench.clock.now() + DAY;
    await bench.one({ type: 'erase', now, before: now, by: 'root', identityId: 'i1', addresses: [] });
    const kept = await bench.lookups.findEvents([{ kind: 'lookedAt', identityId: 'i1' }], { max: 9 });
    assert.equal(kept.events.length, 2, 'that somebody looked is no data of whom he looked at');
  });
}
