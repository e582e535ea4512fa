import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { LineClosed, openLine } from './line.ts';

test('a line carries questions, answers, failures and notices both ways', async () => {
  const { port1, port2 } = new MessageChannel();
  const heard: unknown[] = [];
  const left = openLine(port1, { notice: (notice) => heard.push(notice) });
  const right = openLine(port2, {
    answer(question) {
      if (question === 'bad') throw new RangeError('no');
      return [question, new Uint8Array([1, 2])];
    },
  });
  right.tell('ready');
  assert.deepEqual(await left.ask('good'), ['good', new Uint8Array([1, 2])]);
  await assert.rejects(left.ask('bad'), { name: 'RangeError', message: 'no' });
  assert.deepEqual(heard, ['ready']);
  const open = left.ask('never answered because the line closes');
  right.close();
  await assert.rejects(open, LineClosed);
  await assert.rejects(left.ask('late'), LineClosed);
});

test('what is said in one turn travels as one message', async (t) => {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  let messages = 0;
  const left = openLine(port1, {});
  openLine(port2, { answer: (question) => question });
  port2.on('message', () => (messages += 1));
  assert.deepEqual(await Promise.all([1, 2, 3, 4].map((n) => left.ask(n))), [1, 2, 3, 4]);
  assert.equal(messages, 1);
});

/** The number of questions in each message. */
function counted(t: TestContext) {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const packets: number[] = [];
  const line = openLine(port1, {});
  openLine(port2, { answer: (question) => question });
  port2.on('message', ({ asks }: { asks: readonly unknown[] }) => packets.push(asks.length));
  return { line, packets };
}

test('what has time rides along with what has not', async (t) => {
  const { line, packets } = counted(t);
  const settled = line.ask('settle', 60_000);
  assert.deepEqual(await Promise.all([settled, line.ask('accept')]), ['settle', 'accept']);
  assert.deepEqual(packets, [2]);
});

test('eight questions that have no time go at once, what comes after them later', async (t) => {
  const { line, packets } = counted(t);
  const asked = Array.from({ length: 10 }, (_, at) => line.ask(at));
  assert.equal((await Promise.all(asked)).length, 10);
  assert.deepEqual(packets, [8, 2]);
});

test('what has time goes by itself when nothing comes', async (t) => {
  const { line, packets } = counted(t);
  assert.deepEqual(await Promise.all([line.ask('one', 1), line.ask('two', 1)]), ['one', 'two']);
  assert.deepEqual(packets, [2]);
});
