import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { createLogFeed } from './log-feed.ts';

const line = (level: string, msg: string): string => `{"level":"${level}","msg":"${msg}"}\n`;

test('6409-5.2-b: log lines of a front travel together, those of trouble at once with what came before', () => {
  const clock = virtualClock(0);
  const handed: string[] = [];
  const feed = createLogFeed(clock, (lines) => handed.push(lines));
  feed.write(line('info', 'one'));
  feed.write(line('info', 'two'));
  assert.deepEqual(handed, []);
  clock.advance(50);
  assert.deepEqual(handed, [line('info', 'one') + line('info', 'two')]);
  feed.write(line('info', 'three'));
  feed.write(line('error', 'four'));
  assert.equal(handed[1], line('info', 'three') + line('error', 'four'));
  feed.write(line('info', 'x'.repeat(70_000)));
  assert.equal(handed.length, 3);
  feed.write(line('info', 'last'));
  feed.flush();
  assert.equal(handed[3], line('info', 'last'));
  assert.equal(clock.waiting, 0);
});
