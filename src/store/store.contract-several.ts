// Contract of what is asked of several messages at once: their events, and what of them is queued.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Bench, deferred, final, type Open, settleOf } from './store.contract-fixtures.ts';

export function severalContract(name: string, open: Open): void {
  test(`${name}: the events of several messages come at once, of each as many as are wanted`, async () => {
    await using bench = await Bench.open(open);
    const ids: string[] = [];
    for (const to of [['a@x.example'], ['b@x.example', 'c@x.example'], ['d@x.example']])
      ids.push((await bench.accepted({ to, owner: 'a' })).message.id);
    const [one = '', two = '', other = ''] = ids;
    const now = bench.clock.now();
    for (const messageId of [one, two]) {
      const born = await bench.lookups.queue({ messageId }, { max: 9 });
      for (const { delivery } of born) await bench.one(settleOf('a', [delivery], deferred(now), now));
    }
    const typesOf = async (asked: readonly string[], max: number) => {
      const events = await bench.lookups.eventsOfMessages(asked, max);
      return events.map(({ messageId = '', type }) => `${ids.indexOf(messageId)} ${type}`).toSorted();
    };
    for (const when of ['at once', 'when it is indexed, after a restart']) {
      const both = ['0 accepted', '0 deferred', '1 accepted', '1 deferred', '1 deferred'];
      assert.deepEqual(await typesOf([one, two], 9), both, when);
      assert.deepEqual(
        await typesOf([other, two, bench.nextId()], 2),
        ['1 accepted', '1 deferred', '2 accepted'],
        when,
      );
      assert.deepEqual(
        await bench.lookups.eventsOfMessages([two], 9),
        await bench.lookups.eventsOfMessage(two, 9),
      );
      await bench.idle();
      await bench.restart();
    }
    assert.deepEqual(await bench.lookups.eventsOfMessages([], 9), []);
    assert.deepEqual(await bench.lookups.eventsOfMessages(['no id', '\0'], 9), []);
  });

  test(`${name}: of several messages it is told at once what is queued of them, whoever has them in hand`, async () => {
    await using bench = await Bench.open(open);
    const to = ['a@x.example', 'b@x.example', 'c@y.example'];
    const inHand = await bench.accepted({ to, owner: 'a' });
    const waiting = await bench.accepted({ to });
    await bench.accepted({ to });
    const ended = await bench.accepted({ to: ['d@x.example'], owner: 'a' });
    const ids = [waiting, ended, inHand].map(({ message }) => message.id);
    const [, endedId = ''] = ids;
    const born = await bench.lookups.queue({ messageId: endedId }, { max: 9 });
    await bench.one(
      settleOf(
        'a',
        born.map(({ delivery }) => delivery),
        final,
        bench.clock.now(),
      ),
    );
    const expected = async (max: number) =>
      (
        await Promise.all(
          [inHand, waiting].map(({ message }) => bench.lookups.queue({ messageId: message.id }, { max })),
        )
      ).flat();
    assert.equal((await expected(9)).length, 6);
    for (const max of [9, 2])
      assert.deepEqual(await bench.lookups.queueOfMessages(ids, max), await expected(max), `${max}`);
    assert.deepEqual(await bench.lookups.queueOfMessages([], 9), []);
    assert.deepEqual(await bench.lookups.queueOfMessages(['no id', bench.nextId()], 9), []);
  });
}
