// Where delivered mail lies on this machine: a Maildir, a directory of messages, or a file of messages (mbox). Finds the message with a mark in it;
// what others write there may be large or many, so both are bounded.

import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { indexOfBytes, latin1, octetString } from '../base/bytes.ts';
import { KIB } from '../base/size.ts';

export interface MailPlace {
  /** The message that holds the mark (ASCII), as it lies there; undefined: none does. Rejects if the place is not there or may not be read. */
  find(mark: string): Promise<Uint8Array | undefined>;
}

/** Larger ones are not looked into. */
const MESSAGE_MAX = 256 * KIB;
/** Of a file of messages only the end is read. */
const TAIL_MAX = 4096 * KIB;
const FILES_MAX = 10_000;
const DEPTH_MAX = 3;

/** `sinceMs`: files that were changed before are not looked into, ms since the epoch. */
export function mailPlace(path: string, sinceMs: number): MailPlace {
  /** By path and size: read before, without a mark. */
  const known = new Set<string>();
  return {
    async find(mark) {
      if (!(await stat(path)).isDirectory()) return findInFile(path, mark);
      for (const file of await filesIn(path)) {
        const facts = await stat(file).catch(() => undefined);
        const key = `${file} ${facts?.size}`;
        if (facts === undefined || !facts.isFile() || known.has(key)) continue;
        const isNew = facts.size <= MESSAGE_MAX && facts.mtimeMs >= sinceMs;
        // It may have been moved meanwhile, as mail readers do: then it is found the next time.
        const bytes = isNew ? await readFile(file).catch(() => undefined) : new Uint8Array();
        if (bytes === undefined) continue;
        if (indexOfBytes(bytes, latin1(mark)) >= 0) return bytes;
        known.add(key);
      }
      return undefined;
    },
  };
}

/** Not what is still being written (`tmp`, hidden files). */
async function filesIn(directory: string, depth = 0): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (entry.name === 'tmp' || (entry.name.startsWith('.') && entry.isFile())) continue;
    const path = join(directory, entry.name);
    if (!entry.isDirectory()) found.push(path);
    else if (depth < DEPTH_MAX) found.push(...(await filesIn(path, depth + 1)));
    if (found.length > FILES_MAX) return found.slice(0, FILES_MAX);
  }
  return found;
}

async function findInFile(path: string, mark: string): Promise<Uint8Array | undefined> {
  const text = octetString(await tailOf(path));
  // Between lines `From …`, which in a message itself follow a `>` (RFC 4155 and what is done in practice).
  const message = text.split(/^From .*\r?\n/m).find((one) => one.includes(mark));
  return message === undefined ? undefined : latin1(message.replaceAll(/^>(>*From )/gm, '$1'));
}

async function tailOf(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_MAX);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
