// The checkpointer thread, a helper of the store thread: checkpoints SQLite's log (WAL), so that no commit has to. It works on request,
// over a connection of its own, and keeps no state.

import { parentPort, workerData } from 'node:worker_threads';
import { openCheckpointer } from './checkpoint.ts';

if (parentPort === null) throw new Error('this file is the entry of a thread');
const port = parentPort;
const checkpoint = openCheckpointer(workerData as string);

port.on('message', () => {
  checkpoint();
  port.postMessage('written');
});
