// Large bodies as files: written and synced by the caller's own thread before the accept that names them, with their
// directory; swept at start if no message names them; removed after the commit that settled the last recipient.

import { constants, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, syncDirectoryNow } from '../../platform/disk.ts';
import { fileNameOfId, isMessageId, type MessageId } from '../../base/message-id.ts';
import { assertNoLink, linkInTheWay } from '../../platform/directory-unusable.ts';
import { withinDirectory } from '../../platform/held-directory.ts';
import type { Stage } from '../port.ts';

const DIRECTORY = 'bodies';
const READ_OCTETS = 256 * 1024;

export const bodiesDirectoryOf = (dataDirectory: string): string => join(dataDirectory, DIRECTORY);

/** Throws if that is no message id. */
export function bodyPath(dataDirectory: string, id: MessageId): string {
  return join(dataDirectory, DIRECTORY, fileNameOfId(id));
}

/** Before the first stage. The entry of a directory made by a process that was killed may not be durable yet either. */
export function makeBodiesDirectory(dataDirectory: string): void {
  const path = bodiesDirectoryOf(dataDirectory);
  assertNoLink(path);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  syncDirectoryNow(dataDirectory);
}

export interface Body {
  readonly id: MessageId;
  readonly content: Uint8Array;
}

/** For a restore, without stages: synced when it returns. How many there were. */
export function putBodies(dataDirectory: string, bodies: Iterable<Body>): number {
  makeBodiesDirectory(dataDirectory);
  const directory = bodiesDirectoryOf(dataDirectory);
  const put = withinDirectory(directory, (held) => {
    let count = 0;
    for (const { id, content } of bodies) {
      if (!putBody(join(held, fileNameOfId(id)), content))
        throw new Error(
          `${bodyPath(dataDirectory, id)} exists: restore into an empty data directory, or move it away first`,
        );
      count += 1;
    }
    syncDirectoryNow(held);
    return count;
  });
  if (put === undefined) throw linkInTheWay(directory);
  return put;
}

/** A file of a killed restore is written again; false: any other file of that name is in the way. */
function putBody(path: string, content: Uint8Array): boolean {
  const left = lstatSync(path, { throwIfNoEntry: false });
  if (left !== undefined) {
    if (!left.isFile() || !isBeginOf(readFileSync(path, { flag: NO_LINK }), content)) return false;
    rmSync(path);
  }
  writeFileSync(path, content, { flag: 'wx', mode: 0o600, flush: true });
  return true;
}

function isBeginOf(part: Uint8Array, whole: Uint8Array): boolean {
  return Buffer.compare(part, whole.subarray(0, part.length)) === 0;
}

export async function openStage(dataDirectory: string, id: MessageId): Promise<Stage> {
  const path = bodyPath(dataDirectory, id);
  let file: FileHandle | undefined = await open(path, 'wx', 0o600);
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

/** A body that is read is sent on: a link in its place could name any file that this process may read. */
const NO_LINK = constants.O_RDONLY | constants.O_NOFOLLOW;

export async function* readBody(dataDirectory: string, id: MessageId): AsyncGenerator<Uint8Array> {
  const file = await open(bodyPath(dataDirectory, id), NO_LINK);
  yield* file.createReadStream({ highWaterMark: READ_OCTETS }) as AsyncIterable<Uint8Array>;
}

export function readWholeBody(dataDirectory: string, id: MessageId): Promise<Uint8Array> {
  return readFile(bodyPath(dataDirectory, id), { flag: NO_LINK });
}

/** Never throws: a file that can't be removed is swept at the next start. */
export function removeBody(dataDirectory: string, id: MessageId): void {
  withinDirectory(bodiesDirectoryOf(dataDirectory), (held) => {
    try {
      rmSync(join(held, fileNameOfId(id)), { force: true });
    } catch {
      // Swept later.
    }
  });
}

export function bodyIds(dataDirectory: string): readonly MessageId[] {
  try {
    return readdirSync(bodiesDirectoryOf(dataDirectory)).filter((name) => isMessageId(name));
  } catch {
    return [];
  }
}

/** At the start a file that no message names is removed, whatever its name. */
export function sweepBodies(dataDirectory: string, isNamed: (id: MessageId) => boolean): void {
  withinDirectory(bodiesDirectoryOf(dataDirectory), (held) => {
    for (const name of readdirSync(held)) {
      if (isMessageId(name) && isNamed(name)) continue;
      try {
        rmSync(join(held, name), { force: true });
      } catch {
        // Swept at the next start.
      }
    }
  });
}
