// What the disk needs beyond files: a directory entry is durable only when its directory was synced, and a sync that succeeded is worth
// something only while the file system's journal lives (E-Q-7).

import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** For a start, before there is anybody to keep waiting. */
export function syncDirectoryNow(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

export interface SyncWitness {
  /** Returns if every earlier sync on this file system that succeeded was really kept; else throws the error of the file system. */
  confirm(): void;
  close(): void;
}

/**
 * On ext4 (seen with Linux 6.18) a sync can succeed although nothing was kept: it waits for a transaction of the journal, meanwhile the
 * journal is aborted, and a transaction that is gone counts as done. From then on no change of metadata is let in, not even one that
 * changes nothing: cutting an empty file to nothing (2 µs) asks for that. The file has no name, and goes with this process.
 */
export function openSyncWitness(directory: string): SyncWitness {
  const path = newPath(directory);
  const file = openSync(path, 'wx', 0o600);
  try {
    unlinkSync(path);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return {
    confirm() {
      try {
        ftruncateSync(file, 0);
      } catch (error) {
        if (!isFull(error)) throw error;
      }
    },
    close: () => closeSync(file),
  };
}

/** The same for one time; making the witness is a change of metadata itself. */
export async function confirmSyncs(directory: string): Promise<void> {
  const path = newPath(directory);
  try {
    const file = await open(path, 'wx', 0o600);
    await file.close();
    await unlink(path);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

/** Never one that is there: somebody else's link could lead anywhere. */
const newPath = (directory: string): string => join(directory, `.witness-${randomUUID()}`);

/** A file system may want space even for this: that says nothing about what was synced. */
const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
