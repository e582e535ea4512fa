// The queue of `postern send`: a directory with one file for each message, its envelope in the first line. A file is written under another name, synced, and
// renamed; what became of a message replaces its file in the same way. So at every moment a message is there whole, or was never taken.

import { open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { concat, LF, utf8 } from '../base/bytes.ts';
import { fileNameOfId, isMessageId, type MessageIdSource, messageIdSource } from '../base/message-id.ts';
import { EX } from '../base/sysexits.ts';
import { confirmSyncs, syncDirectory } from '../platform/disk.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { type Outgoing, readStored, type StoredEnvelope } from './outgoing.ts';
import { SendFailure } from './failure.ts';
import { makePrivate, mustBePrivate } from './private-directory.ts';

const MESSAGES_MAX = 10_000;
/** 10,000 recipients of the longest kind, each with its problem. */
const ENVELOPE_OCTETS_MAX = 16 * 1024 * 1024;
/** No process takes this long to write a file: its writer is gone. */
const ABANDONED_MS = 3_600_000;
const ENDING = '.mail';

export interface Stored {
  readonly id: string;
  readonly envelope: StoredEnvelope;
  readonly content: Uint8Array;
}

export interface Spool {
  readonly directory: string;
  /** On the disk when it resolves, with its id. */
  add(outgoing: Outgoing): Promise<string>;
  /** Oldest first. */
  ids(): Promise<readonly string[]>;
  /** `gone`: somebody took it meanwhile. `damaged`: it is no file of ours, and stays as it is. */
  read(id: string): Promise<Stored | 'gone' | 'damaged'>;
  replace(stored: Stored): Promise<void>;
  /** For good after `sync`: a power failure before may bring it back. */
  remove(id: string): Promise<void>;
  /** As it is, into another one on the same file system; on the disk when it resolves. False: that one is full, and nothing was done. */
  move(id: string, to: Spool): Promise<boolean>;
  sync(): Promise<void>;
  /** Takes away what a killed process left half-written. */
  sweep(): Promise<void>;
}

export interface SpoolOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Called between the steps, for tests that end the process there. */
  step?(name: string): void;
}

export function openSpool(options: SpoolOptions): Spool {
  return new SpoolDirectory(options);
}

class SpoolDirectory implements Spool {
  readonly directory: string;
  readonly #clock: Clock;
  readonly #newIds: MessageIdSource;
  readonly #step: (name: string) => void;

  constructor({ directory, clock, entropy, step = () => undefined }: SpoolOptions) {
    this.directory = directory;
    this.#clock = clock;
    this.#newIds = messageIdSource((length) => entropy.bytes(length));
    this.#step = step;
  }

  async add({ content, ...envelope }: Outgoing): Promise<string> {
    await makePrivate(this.directory);
    if ((await this.ids()).length >= MESSAGES_MAX)
      throw new SendFailure(
        EX.OSERR,
        `the queue ${this.directory} holds ${MESSAGES_MAX} messages: flush it first`,
      );
    const now = this.#clock.now();
    const id = this.#newIds.next(now);
    const octets = content.length;
    await this.replace({
      id,
      envelope: { ...envelope, version: 1, octets, queuedAt: now, tries: 0, failed: [] },
      content,
    });
    return id;
  }

  async ids(): Promise<readonly string[]> {
    const files = (await this.#names()).filter((name) => name.endsWith(ENDING));
    return files
      .map((name) => name.slice(0, -ENDING.length))
      .filter((id) => isMessageId(id))
      .sort();
  }

  async read(id: string): Promise<Stored | 'gone' | 'damaged'> {
    const bytes = await readWhole(this.#pathOf(id));
    if (bytes === undefined) return 'gone';
    const end = bytes.subarray(0, ENVELOPE_OCTETS_MAX).indexOf(LF);
    const envelope = end < 0 ? undefined : readStored(bytes.toString('utf8', 0, end));
    const content = bytes.subarray(end + 1);
    return envelope?.octets === content.length ? { id, envelope, content } : 'damaged';
  }

  async replace({ id, envelope, content }: Stored): Promise<void> {
    const head = utf8(`${JSON.stringify(envelope)}\n`);
    // A message that could not be read again must not be accepted.
    if (head.length > ENVELOPE_OCTETS_MAX)
      throw new SendFailure(EX.DATAERR, `the envelope is larger than ${ENVELOPE_OCTETS_MAX} octets`);
    const beside = join(this.directory, `${fileNameOfId(id)}.${process.pid}.tmp`);
    const file = await open(beside, 'w', 0o600);
    try {
      await file.writeFile(concat([head, content]));
      this.#step('written');
      await file.sync();
    } catch (error) {
      await rm(beside, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    this.#step('synced');
    await rename(beside, this.#pathOf(id));
    this.#step('renamed');
    await syncDirectory(this.directory);
    await confirmSyncs(this.directory);
    this.#step('durable');
  }

  async remove(id: string): Promise<void> {
    await unlink(this.#pathOf(id));
    this.#step('removed');
  }

  async move(id: string, to: Spool): Promise<boolean> {
    if ((await to.ids()).length >= MESSAGES_MAX) return false;
    await makePrivate(to.directory);
    const path = this.#pathOf(id);
    await rename(path, join(to.directory, basename(path)));
    this.#step('moved');
    await syncDirectory(to.directory);
    await syncDirectory(this.directory);
    return true;
  }

  sync(): Promise<void> {
    return syncDirectory(this.directory);
  }

  async sweep(): Promise<void> {
    for (const name of await this.#names()) {
      if (!name.endsWith('.tmp')) continue;
      const path = join(this.directory, name);
      const left = await stat(path).catch(() => undefined);
      if (left !== undefined && this.#clock.now() - left.mtimeMs > ABANDONED_MS)
        await rm(path, { force: true });
    }
  }

  #pathOf(id: string): string {
    return join(this.directory, `${fileNameOfId(id)}${ENDING}`);
  }

  /** Another user who can write here could send mail in our name. */
  async #names(): Promise<readonly string[]> {
    try {
      await mustBePrivate(this.directory);
      return await readdir(this.directory);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }
}

async function readWhole(path: string): Promise<Buffer | undefined> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
