// Watches what Node's file handles sync: the path of each at that moment, and what was there then. The calls go to the disk as they would.

import { readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { mock } from 'node:test';

export interface Synced {
  readonly call: 'datasync' | 'sync';
  readonly path: string;
}

interface Handle {
  readonly fd: number;
  datasync(): Promise<void>;
  sync(): Promise<void>;
}

/** Everything that is synced by a `FileHandle` while `work` runs, in the order in which the syncs ended. */
export async function syncsDuring(work: () => Promise<unknown>): Promise<readonly Synced[]> {
  const handle = await open('/', 'r');
  const prototype = Object.getPrototypeOf(handle) as Handle;
  await handle.close();
  const seen: Synced[] = [];
  for (const call of ['datasync', 'sync'] as const) {
    const real = prototype[call];
    mock.method(prototype, call, async function watched(this: Handle) {
      const path = readlinkSync(`/proc/self/fd/${this.fd}`);
      await real.call(this);
      seen.push({ call, path });
    });
  }
  try {
    await work();
  } finally {
    mock.restoreAll();
  }
  return seen;
}
