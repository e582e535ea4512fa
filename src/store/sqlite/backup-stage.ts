// Where a running server copies its store before it sends the copy: the caller makes the caller's file, in a place that the server may not see.

import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { StagedBackup } from '../engine.ts';
import { removeDatabase } from './backup-file.ts';

const STAGE = /^backup-[0-9a-f]{12}\.part(?:-journal|-wal|-shm)?$/;

/** When this resolves the copy has no name any more: it vanishes when its reader closes it. */
export async function stageBackup(
  dataDirectory: string,
  copy: (path: string) => Promise<void>,
): Promise<StagedBackup> {
  const path = join(dataDirectory, `backup-${randomBytes(6).toString('hex')}.part`);
  try {
    await copy(path);
    return await withoutName(path);
  } catch (error) {
    removeDatabase(path);
    throw error;
  }
}

async function withoutName(path: string): Promise<StagedBackup> {
  const file = await open(path, 'r');
  try {
    await unlink(path);
    const content = file.createReadStream();
    return {
      ...{ octets: (await file.stat()).size, content },
      async close() {
        content.destroy();
        await finished(content).catch(() => undefined);
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** What a process that was killed left. */
export function sweepBackupStages(dataDirectory: string): void {
  for (const name of readdirSync(dataDirectory).filter((one) => STAGE.test(one)))
    rmSync(join(dataDirectory, name), { force: true });
}
