// A listener that can't take a connection says so and stays open.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createNotTaken } from '../observe/not-taken.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { listening } from './listen.ts';

test('F-DOS-2/3: a connection that could not be taken (EMFILE) is told once a minute for each door, and others are served', async () => {
  const clock = virtualClock(0);
  const told: string[] = [];
  const notTaken = createNotTaken(clock, {
    error: (facts: object) => void told.push(String((facts as { readonly door: string }).door)),
  });
  const server = createServer((socket) => socket.end('served'));
  await listening(server, { port: 0, host: '127.0.0.1' }, (error) => notTaken('web', error));
  // As Node tells it when accept fails.
  const full = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });
  for (let times = 0; times < 3; times += 1) server.emit('error', full);
  notTaken('http', full);
  assert.deepEqual(told, ['web', 'http']);
  clock.advance(60_000);
  server.emit('error', full);
  assert.deepEqual(told, ['web', 'http', 'web']);
  const [text] = await once(connect((server.address() as AddressInfo).port, '127.0.0.1'), 'data');
  assert.equal(String(text), 'served');
  server.close();
});
