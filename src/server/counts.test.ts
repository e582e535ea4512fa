import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { beginMinute, emptyRow, openCounts, planCounts } from './counts.ts';

const key = Buffer.from('sixteen octets..');

test('F-DOS-2/3: what one front counts all others see, and a front that died counts no longer', () => {
  const plan = planCounts({ rows: 3, connections: 100, key });
  const [first, second, third] = [0, 1, 2].map((row) => openCounts(plan, row));
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const place = first.placeOf('network 192.0.2.1');
  assert.deepEqual(second.placeOf('network 192.0.2.1'), place, 'the same place for all');
  assert.deepEqual([first.add(place, 1), second.add(place, 1), third.add(place, 1)], [1, 2, 3]);
  assert.deepEqual([first.addTo('mx', 1), second.addTo('mx', 1), third.total('mx')], [1, 2, 2]);
  emptyRow(plan, 1);
  assert.deepEqual([third.add(place, -1), third.total('mx')], [1, 1]);
});

test('F-DOS-2/3: a name is never counted too low, and hardly any too high, with as many names as there may be', () => {
  const plan = planCounts({ rows: 2, connections: 10_000, key });
  const [one, other] = [openCounts(plan, 0), openCounts(plan, 1)];
  const names = Array.from({ length: 200 }, (_, n) => `network 192.0.2.${n}`);
  for (const name of names) for (let n = 0; n < 50; n += 1) one.add(one.placeOf(name), 1);
  for (const name of names) assert.ok(other.add(other.placeOf(name), 1) >= 51, name);
  const strangers = Array.from({ length: 10_000 }, (_, n) => `network 198.51.${n >> 8}.${n & 255}`);
  let taken = 0;
  for (const name of strangers) {
    const place = other.placeOf(name);
    if (other.add(place, 1) > 50) taken += 1;
    other.add(place, -1);
  }
  assert.ok(taken <= 20, `${taken} of ${strangers.length} were taken for one of them`);
});

test('F-DOS-2/3: a minute counts what began in it, in all rows, and gives nothing back for the one before', () => {
  const plan = planCounts({ rows: 2, connections: 10, key });
  const [one, other] = [openCounts(plan, 0), openCounts(plan, 1)];
  const place = one.placeOf('x');
  assert.deepEqual([one.addInMinute(place), other.addInMinute(place), one.addInMinute(place)], [1, 2, 3]);
  one.takeBack(place, one.minute);
  assert.equal(other.addInMinute(place), 3);
  const { minute } = one;
  beginMinute(plan);
  assert.equal(one.addInMinute(place), 1, 'the row of the other has not begun this minute yet');
  one.takeBack(place, minute);
  assert.equal(other.addInMinute(place), 2);
});

test('F-DOS-2/3: threads that count at once never let in more than the limit', async () => {
  const plan = planCounts({ rows: 3, connections: 10, key });
  const code = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(workerData.counts).then(({ openCounts }) => {
      const counts = openCounts(workerData.plan, workerData.row);
      const place = counts.placeOf('network 192.0.2.1');
      let admitted = 0;
      for (let n = 0; n < 2000; n += 1) {
        if (counts.add(place, 1) <= 5) admitted += 1;
        else counts.add(place, -1);
      }
      parentPort.postMessage(admitted);
    });`;
  const admitted = await Promise.all(
    [0, 1, 2].map(async (row) => {
      const workerData = { plan, row, counts: new URL('./counts.ts', import.meta.url).href };
      const [count] = (await once(new Worker(code, { eval: true, workerData }), 'message')) as [number];
      return count;
    }),
  );
  const sum = admitted.reduce((all, one) => all + one, 0);
  assert.ok(sum <= 5, `${sum} were admitted`);
  const counts = openCounts(plan, 0);
  assert.equal(counts.add(counts.placeOf('network 192.0.2.1'), 1), sum + 1);
});

test('nothing is given back that was not counted', () => {
  const counts = openCounts(planCounts({ rows: 1, connections: 10, key }), 0);
  const place = counts.placeOf('x');
  counts.add(place, 1);
  counts.add(place, -1);
  assert.throws(() => counts.add(place, -1), /gives back what it has not counted/);
});
