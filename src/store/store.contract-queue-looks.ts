// Contract of the queue, what stands beside it: how often a recipient was put off, and what the last hop said.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventDraft } from '../record/events.ts';
import { DEFERRALS_EXAMINED } from './ended-attempts.ts';
import { Bench, deferred, DAY, HOUR, type Open, settleOf, START } from './store.contract-fixtures.ts';

export function queueLooksContract(name: string, open: Open): void {
  endedAttemptsContract(name, open);
  manyAttemptsContract(name, open);
}

function endedAttemptsContract(name: string, open: Open): void {
  test(`${name}: of each recipient that is asked about, how often it was put off and what was said last`, async () => {
    await using bench = await Bench.open(open);
    const both = await bench.accepted({ to: ['a@x.example', 'b@y.example'] });
    const other = await bench.accepted({ to: ['c@x.example'] });
    await bench.accepted({ to: ['d@z.example'], dueAt: START + DAY });
    const putOff = async (hours: number, domains: readonly string[]): Promise<void> => {
      const now = bench.clock.now();
      const shares = [{ max: 9, domains }];
      for (const delivery of await bench.claim('a', { shares }))
        await bench.one(settleOf('a', [delivery], deferred(now), now));
      bench.clock.advance(hours * HOUR);
    };
    await putOff(1, ['x.example', 'y.example']);
    await putOff(1, ['x.example']);
    const [id, otherId] = [both.message.id, other.message.id];
    const last = (hours: number) => ({
      ...{ at: START + hours * HOUR, status: '4.2.1', reply: '450 4.2.1 come back later' },
      remote: 'mx.example.net',
    });
    const places = await placesOf(bench);
    for (const when of ['at once', 'when it is indexed, after a restart']) {
      const ended = await bench.lookups.endedAttempts(places);
      assert.deepEqual(
        ended.toSorted((one, two) => (keyOf(one) < keyOf(two) ? -1 : 1)),
        [
          { messageId: id, recipientNumber: 0, attempts: 2, last: last(1) },
          { messageId: id, recipientNumber: 1, attempts: 1, last: last(0) },
          { messageId: otherId, recipientNumber: 0, attempts: 2, last: last(1) },
        ],
        when,
      );
      const one = await bench.lookups.endedAttempts([{ messageId: id, recipientNumber: 1 }]);
      assert.deepEqual(one.map(keyOf), [`${id}/1`], `${when}: one alone`);
      await bench.idle();
      await bench.restart();
    }
    const none = [{ messageId: 'x', recipientNumber: 0 }];
    assert.deepEqual(await bench.lookups.endedAttempts(none), []);
    assert.deepEqual(await bench.lookups.endedAttempts([]), []);
  });
}

const keyOf = (one: { readonly messageId: string; readonly recipientNumber: number }): string =>
  `${one.messageId}/${one.recipientNumber}`;

async function placesOf({ lookups }: Bench) {
  const entries = await lookups.queue({}, { max: 99 });
  return entries.map(({ message, delivery: { recipientNumber } }) => ({
    ...{ messageId: message.id, recipientNumber },
  }));
}

function manyAttemptsContract(name: string, open: Open): void {
  test(`${name}: of one message no more deferrals are looked at than a look-up examines, the newest`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example'] });
    const event = (recipientNumber: number, at: number): EventDraft => ({
      ...{ type: 'deferred', time: START + at, messageId: message.id },
      payload: {
        ...{ recipient: 'a@x.example', recipientNumber, attempt: at },
        ...{ status: '4.2.1', diagnostic: `try ${at}` },
      },
    });
    const record = async (events: readonly EventDraft[]): Promise<void> =>
      assert.deepEqual(await bench.one({ type: 'record', events }), { type: 'recorded' });
    await record([event(1, 1)]);
    for (let at = 0; at < DEFERRALS_EXAMINED; at += 500)
      await record(Array.from({ length: 500 }, (_, more) => event(0, 2 + at + more)));
    const both = [0, 1].map((recipientNumber) => ({ messageId: message.id, recipientNumber }));
    for (const when of ['at once', 'after a restart']) {
      const ended = await bench.lookups.endedAttempts(both);
      assert.deepEqual(
        ended.map(({ recipientNumber, attempts, last }) => [recipientNumber, attempts, last.reply]),
        [[0, DEFERRALS_EXAMINED, `try ${DEFERRALS_EXAMINED + 1}`]],
        when,
      );
      await bench.idle();
      await bench.restart();
    }
  });
}
