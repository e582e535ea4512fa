// A thread that died, while it does not run again: the last that is known of why.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { turns } from '../../test/fakes/front.ts';
import { createLog } from '../observe/log.ts';
import { Restarts } from './restarts.ts';
import type { Thread } from './thread.ts';

test('why a thread does not run is the last that was heard: its death, its start that failed, what it waits for', async () => {
  const clock = virtualClock(0);
  const restarts = new Restarts(clock, createLog('fatal', { write: () => undefined }), () => true);
  const { promise: ended, resolve: die } = Promise.withResolvers<string>();
  const thread = { kind: 'store', name: 'store', ended } as Thread;
  const starts = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let tries = 0;
  restarts.watch(thread, () => starts[tries++]?.promise ?? Promise.reject(new Error('no more')));
  const why = (): readonly string[] => restarts.missing.map(({ name, because }) => `${name}: ${because}`);

  restarts.waits('store', 'it runs, and waits for nothing');
  assert.deepEqual(why(), []);
  die('Error: the connection is lost\n    at somewhere');
  await turns();
  assert.deepEqual(why(), ['store: Error: the connection is lost']);
  assert.deepEqual([restarts.deathsOf('store'), restarts.deathsOf('front')], [1, 0]);
  clock.advance(200);
  await turns();
  restarts.waits('store', 'nobody listens there');
  assert.deepEqual(why(), ['store: nobody listens there']);
  starts[0]?.reject(new Error('it lets nobody in'));
  await turns();
  assert.deepEqual(why(), ['store: it lets nobody in']);
  clock.advance(200);
  await turns();
  starts[1]?.resolve();
  await turns();
  assert.deepEqual(why(), []);
});
