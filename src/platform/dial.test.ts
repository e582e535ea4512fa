// Hosts with several addresses: the slow one is not given up, the dead one holds nobody up.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { turns } from '../../test/fakes/delivery-job.ts';
import { alternating, dialAny } from './dial.ts';

const V6 = '2001:db8::25';
const V4 = '192.0.2.25';
const OTHER = '192.0.2.26';

function world(...addresses: readonly string[]) {
  const clock = virtualClock(0);
  const begun: string[] = [];
  const sockets = new Map<string, EventEmitter & { isDestroyed?: boolean; destroy(): void }>();
  const dialled = dialAny(
    { host: 'mta.example', timeoutMs: 30_000 },
    {
      lookup: () => Promise.resolve(addresses),
      after: (ms, run) => clock.after(ms, run),
      connect(address) {
        begun.push(address);
        const socket = Object.assign(new EventEmitter(), {
          isDestroyed: false,
          destroy: () => void (socket.isDestroyed = true),
        });
        sockets.set(address, socket);
        return socket as unknown as Socket;
      },
    },
  );
  const nameOf = (socket: unknown): string | undefined => [...sockets].find(([, one]) => one === socket)?.[0];
  const result = dialled.then(nameOf, (error: Error) => error.message);
  const happens = (address: string, what: 'connect' | 'error'): void => {
    sockets.get(address)?.emit(what, ...(what === 'error' ? [new Error(`ECONNREFUSED ${address}`)] : []));
  };
  const open = (): readonly string[] =>
    [...sockets].filter(([, one]) => one.isDestroyed !== true).map(([name]) => name);
  return { clock, begun, result, happens, open };
}

test('an address that takes its time is waited for, beside the next one', async () => {
  const w = world(V6, V4);
  await turns();
  w.clock.advance(1_999);
  assert.deepEqual(w.begun, [V6]);
  w.clock.advance(1);
  assert.deepEqual(w.begun, [V6, V4]);
  w.happens(V4, 'error');
  w.clock.advance(5_000);
  w.happens(V6, 'connect');
  assert.equal(await w.result, V6);
  assert.deepEqual(w.open(), [V6]);
});

test('an address that fails makes room for the next at once; who connects first stays, alone', async () => {
  const w = world(V6, V4, OTHER);
  await turns();
  w.happens(V6, 'error');
  assert.deepEqual(w.begun, [V6, V4]);
  w.clock.advance(2_000);
  assert.deepEqual(w.begun, [V6, V4, OTHER]);
  w.happens(OTHER, 'connect');
  assert.equal(await w.result, OTHER);
  assert.ok(!w.open().includes(V4));
});

test('what the first said is told when all have failed; nobody waits longer than he may, for a name either', async () => {
  const w = world(V6, V4);
  await turns();
  w.happens(V6, 'error');
  w.happens(V4, 'error');
  assert.equal(await w.result, `ECONNREFUSED ${V6}`);
  const silent = world(V6, V4);
  await turns();
  silent.clock.advance(30_000);
  assert.equal(await silent.result, 'no connection in time');
  assert.deepEqual(silent.open(), []);
  assert.equal(await world().result, 'the name has no address');
});

test('families take turns, the preferred one first', () => {
  assert.deepEqual(alternating([V6, '2001:db8::26', V4]), [V6, V4, '2001:db8::26']);
  assert.deepEqual(alternating([V4, V6, '2001:db8::26']), [V4, V6, '2001:db8::26']);
  assert.deepEqual(alternating([]), []);
});
