import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSharedAnswer } from './shared-answer.ts';

test('one search answers all who ask meanwhile; who asks later has it looked for again', async () => {
  const share = createSharedAnswer<string>();
  const found: ((answer: string) => void)[] = [];
  const find = (): Promise<string> => new Promise((resolve) => found.push(resolve));
  const asked = [share('a', find), share('b', find), share('a', find)];
  assert.equal(found.length, 2);
  found[0]?.('first');
  found[1]?.('second');
  assert.deepEqual(await Promise.all(asked), ['first', 'second', 'first']);
  const later = share('a', find);
  found[2]?.('third');
  assert.equal(await later, 'third');
});

test('what can’t be found fails for all who wait, and is looked for again', async () => {
  const share = createSharedAnswer<string>();
  const failing = async (): Promise<string> => {
    throw new Error('away');
  };
  const asked = await Promise.allSettled([share('a', failing), share('a', async () => 'never asked')]);
  assert.deepEqual(
    asked.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(await share('a', async () => 'back'), 'back');
});
