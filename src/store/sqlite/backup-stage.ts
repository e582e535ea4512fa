// Where a running server copies its store to before it sends the copy: the caller's file is the caller's to make, in a place that the server may not see.

import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { removeDatabase } from './backup-file.ts';

const STAGE = /^backup-[0-9a-f]{12}\.part(?:-journal|-wal|-shm)?$/;

export interface StagedBackup {
  readonly octets: number;
  /** To be read to its end, or returned from: it holds the space. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** The copy has no name any more when this resolves: it is gone with who reads it. */
export async function stageBackup(
  dataDirectory: string,
  copy: (path: string) => Promise<void>,
): Promise<StagedBackup> {
  const path = join(dataDirectory, `backup-${randomBytes(6).toString('hex')}.part`);
  try {
    await copy(path);
    const file = await open(path, 'r');
    await unlink(path);
    return { octets: (await file.stat()).size, content: file.createReadStream() };
  } catch (error) {
    removeDatabase(path);
    throw error;
  }
}

/** What a process that was killed left. */
export function sweepBackupStages(dataDirectory: string): void {
  for (const name of readdirSync(dataDirectory).filter((one) => STAGE.test(one)))
    rmSync(join(dataDirectory, name), { force: true });
}
