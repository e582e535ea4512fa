// Large bodies as files (DESIGN 3.5): written and synced by the caller's own thread before the accept that names them, with their
// directory; swept at start if no message names them; removed after the commit that settled the last recipient.

import { createReadStream, readdirSync, rmSync } from 'node:fs';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../../platform/disk.ts';
import type { MessageId } from '../../base/message-id.ts';
import type { Stage } from '../port.ts';

const DIRECTORY = 'bodies';
const READ_OCTETS = 256 * 1024;

export function bodyPath(dataDirectory: string, id: MessageId): string {
  return join(dataDirectory, DIRECTORY, id);
}

/** A new file; the first one makes the directory too. */
async function create(dataDirectory: string, path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    await mkdir(join(dataDirectory, DIRECTORY), { recursive: true, mode: 0o700 });
    await syncDirectory(dataDirectory);
    return open(path, 'wx', 0o600);
  }
}

export async function openStage(dataDirectory: string, id: MessageId): Promise<Stage> {
  const path = bodyPath(dataDirectory, id);
  let file: FileHandle | undefined = await create(dataDirectory, path);
  return {
    async append(...pieces) {
      await file?.writev(pieces);
    },
    async finish() {
      await Promise.all([file?.datasync(), syncDirectory(join(dataDirectory, DIRECTORY))]);
      await file?.close();
      file = undefined;
    },
    async discard() {
      try {
        await file?.close();
      } catch {
        // The file goes away in any case.
      }
      file = undefined;
      await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

export async function* readBody(dataDirectory: string, id: MessageId): AsyncGenerator<Uint8Array> {
  yield* createReadStream(bodyPath(dataDirectory, id), {
    highWaterMark: READ_OCTETS,
  }) as AsyncIterable<Uint8Array>;
}

/** Never throws: a file that can't be removed is swept at the next start. */
export function removeBody(dataDirectory: string, id: MessageId): void {
  try {
    rmSync(bodyPath(dataDirectory, id), { force: true });
  } catch {
    // Swept later.
  }
}

export function bodyIds(dataDirectory: string): readonly MessageId[] {
  try {
    return readdirSync(join(dataDirectory, DIRECTORY));
  } catch {
    return [];
  }
}
