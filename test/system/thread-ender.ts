// Runs inside a server under test (`NODE_OPTIONS=--import`), in each of its threads: ends one thread of the process by its name, as the
// product itself has no way to. Orders come as lines over a socket of the main thread, whose path is POSTERN_TEST_ENDER.

import { rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createServer } from 'node:net';
import workerThreads, { BroadcastChannel, isMainThread, type WorkerOptions } from 'node:worker_threads';

/** `end`: from outside, wherever it is; `throw`: by a bug of its own; `hold`: at birth too, again and again, until `release`. */
export type Order = `${'end' | 'throw' | 'hold' | 'release'} ${string}`;

const RealWorker = workerThreads.Worker;
const born = new Map<string, InstanceType<typeof RealWorker>>();
const held = new Set<string>();
const waiting = new Set<string>();
const orders = new BroadcastChannel('postern-test-ender');

class EndableWorker extends RealWorker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    super(file, options);
    const { name = '' } = options;
    born.set(name, this);
    if (held.has(name)) void this.terminate();
  }
}

function obey(order: string): void {
  const gap = order.indexOf(' ');
  const [action, name] = [order.slice(0, gap), order.slice(gap + 1)];
  if (action === 'hold') held.add(name);
  if (action === 'release') held.delete(name);
  if (action === 'end' || action === 'hold') void born.get(name)?.terminate();
  if (action === 'throw' && workerThreads.threadName === name) {
    orders.postMessage(`thrown ${name}`);
    setImmediate(() => {
      throw new Error('thrown by a test');
    });
  }
  // A thread that is still starting has not heard it: it is told again when it says that it is there.
  if (action === 'throw') waiting.add(name);
  if (action === 'thrown') waiting.delete(name);
  if (action === 'here' && isMainThread && waiting.has(name)) orders.postMessage(`throw ${name}`);
}

Object.assign(workerThreads, { Worker: EndableWorker });
syncBuiltinESMExports();
orders.onmessage = ({ data }) => obey(String(data));
orders.unref();
if (!isMainThread) orders.postMessage(`here ${workerThreads.threadName}`);

const path = process.env['POSTERN_TEST_ENDER'];
if (isMainThread && path !== undefined) {
  rmSync(path, { force: true });
  createServer((socket) => {
    socket.on('data', (data) => {
      for (const order of String(data).trim().split('\n')) {
        obey(order);
        orders.postMessage(order);
      }
      socket.end('done\n');
    });
  })
    .listen(path)
    .unref();
}
