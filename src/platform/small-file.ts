// A small private file that is replaced whole: readers see the old text or the new one, never half of it.

import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from './disk.ts';

/** Undefined: there is none. Rejects with the system's error, or if it is larger than `octetsMax`. */
export async function readSmallFile(path: string, octetsMax: number): Promise<string | undefined> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if ((await file.stat()).size > octetsMax) throw new Error(`${path} is larger than ${octetsMax} octets`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Mode 0600; its directory is made, 0700, if there is none. `mark` keeps two writers apart. */
export async function replaceSmallFile(path: string, text: string, mark: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${mark}.tmp`;
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  // Windows has no directories to sync.
  await syncDirectory(dirname(path)).catch(() => undefined);
}
