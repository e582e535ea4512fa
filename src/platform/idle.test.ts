import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { whenIdle } from './idle.ts';

/** Each turn brings so many events and takes a millisecond; returns the turn in which it ran. */
function turnOf(eventsOfTurns: readonly number[], longestMs: number): number {
  let turn = 0;
  let events = 100;
  let waiting: (() => void) | undefined;
  let ranIn = -1;
  const loop = { events: () => events, now: () => turn, nextTurn: (run: () => void) => void (waiting = run) };
  whenIdle(() => (ranIn = turn), longestMs, loop);
  for (const more of eventsOfTurns) {
    turn += 1;
    events += more;
    const look = waiting;
    waiting = undefined;
    look?.();
  }
  return ranIn;
}

test('a thread with nothing to do runs it in the second turn, one that is busy when it is done or the time is over', () => {
  assert.equal(turnOf([0, 0, 0, 0], 50), 2);
  assert.equal(turnOf([3, 0, 0, 0], 50), 2);
  assert.equal(turnOf([0, 2, 1, 0, 0], 50), 4);
  assert.equal(turnOf(Array<number>(100).fill(1), 50), 50);
  assert.equal(turnOf([1, 1], 0), 1);
});

test('messages of another thread are events, and the loop knows of them', async () => {
  const { port1, port2 } = new MessageChannel();
  let hops = 0;
  // Each answers the other, so that there is always one on its way.
  port1.on('message', () => (hops += 1) < 200 && port1.postMessage(0));
  port2.on('message', () => port2.postMessage(0));
  port2.postMessage(0);
  const hopsBefore = await new Promise<number>((resolve) => whenIdle(() => resolve(hops), 60_000));
  port1.close();
  assert.equal(hopsBefore, 200);
});
