import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { WAITS_FOR_OTHERS } from './thread-priority.ts';

const THREAD = `
  import { readFileSync } from 'node:fs';
  import { parentPort } from 'node:worker_threads';
  import { letOthersGoFirst } from ${JSON.stringify(new URL('thread-priority.ts', import.meta.url).href)};
  parentPort.postMessage([letOthersGoFirst(), readFileSync('/proc/thread-self/stat', 'utf8')]);
`;

/** Field 19 of proc_pid_stat(5); names may have blanks in them. */
const nicenessIn = (stat: string): number => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);

test(
  'a thread lets the others go first, and they keep their place',
  { skip: process.platform !== 'linux' && 'a thread has a niceness of its own on Linux' },
  async () => {
    const before = getPriority();
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(THREAD)}`));
    const [[could, stat]] = (await once(worker, 'message')) as [[boolean, string]];
    await worker.terminate();
    assert.equal(could, true);
    assert.equal(nicenessIn(stat), Math.max(before, WAITS_FOR_OTHERS));
    assert.equal(nicenessIn(readFileSync(`/proc/self/task/${process.pid}/stat`, 'utf8')), before);
  },
);
