// The checkpointer as its writer sees it: a thread that checkpoints the log of SQLite (WAL), so that no commit has to. It ends with the thread of the writer.

import { Worker } from 'node:worker_threads';

const HEAP_MIB = 64;
const YOUNG_MIB = 4;

export interface Checkpointer {
  /** Asks for a checkpoint, which ends with `written`. */
  write(): void;
}

export function startCheckpointer(
  directory: string,
  on: {
    written(): void;
    /** It can't go on: to the writer that is trouble with the disk. */
    failed(error: unknown): void;
  },
): Checkpointer {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./checkpointer-thread.${extension}`, import.meta.url), {
    ...{ workerData: directory, name: 'checkpointer' },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: YOUNG_MIB },
  });
  worker.on('message', () => on.written());
  worker.on('error', (error) => on.failed(error));
  worker.on('exit', (code) => on.failed(new Error(`its checkpointer thread ended with exit code ${code}`)));
  // After the listeners: one for messages would hold the process again.
  worker.unref();
  return { write: () => worker.postMessage('write') };
}
