// The store thread: it alone writes. All changes that fronts, desk and main have asked for by now are one transaction with
// one fsync; the answers go back when it is durable. When it is idle it indexes the tail of the trail.

import { statfsSync } from 'node:fs';
import { parentPort, workerData, Worker, type MessagePort } from 'node:worker_threads';
import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { type Line, openLine } from '../platform/line.ts';
import type { ChainEnd } from '../record/link.ts';
import { createGroupCommit } from '../store/group-commit.ts';
import { changesOf, type CommitQuestion } from '../store/packing.ts';
import type { Change, Outcome } from '../store/port.ts';
import { copyStore } from '../store/sqlite/backup.ts';
import { sweepBackupStages } from '../store/sqlite/backup-stage.ts';
import { octetsOfStore } from '../store/sqlite/store-size.ts';
import { openSqliteWriter, type OpenWriter } from '../store/sqlite/open.ts';
import type { ThreadGreeting } from './desk-thread.ts';

export interface StoreBirth {
  readonly dataDirectory: string;
  readonly limits: StoreLimits;
  /** True only before fronts run: a body that a front is staging belongs to no message yet, and must stay. */
  readonly sweepStages: boolean;
}

/** Limits that a reload replaces. */
export interface StoreLimits {
  readonly freeSpaceFloor: FreeSpaceFloor;
  readonly queuedMessagesMax: number | 'none';
  readonly strangersMessagesMax: number | 'none';
}

export interface FreeSpaceFloor {
  /** Free share of the file system, 0 to 1. */
  readonly share: number;
  readonly octets: number;
}

export type StoreQuestion =
  | CommitQuestion
  | { readonly backup: string }
  | { readonly figures: true }
  | { readonly limits: StoreLimits };

export interface StoreFigures {
  readonly commits: number;
  readonly changes: number;
  /** Time of all commits together, ms. */
  readonly commitMs: number;
  readonly freeOctets: number;
  /** Free space is below the floor. */
  readonly full: boolean;
  readonly queued: number;
  readonly queuedMessagesMax: number | 'none';
  readonly trail: ChainEnd;
}

const INDEX_EVENTS = 500;
/** The longest unindexed tail, kept even under load, so that a trace never scans more. */
const INDEX_EVERY_CHANGES = 5_000;
const SPACE_EVERY_MS = 1_000;

if (parentPort === null) throw new Error('this file is the entry of a thread');
const main = parentPort;
const birth = workerData as StoreBirth;
const lines = new Set<Line>();
const figures = { commits: 0, changes: 0, commitMs: 0 };
let { limits } = birth;
const space = watchSpace(birth.dataDirectory);
let keeper: Worker | undefined;
if (birth.sweepStages) sweepBackupStages(birth.dataDirectory);
const writer = open();

function open(): OpenWriter {
  try {
    return openSqliteWriter({
      dataDirectory: birth.dataDirectory,
      clock: systemClock,
      entropy: systemEntropy(),
      fullBecause: () => space.look().because,
      queuedMessagesMax: () => limitOf(limits.queuedMessagesMax),
      strangersMessagesMax: () => limitOf(limits.strangersMessagesMax),
      sweepStages: birth.sweepStages,
      writeLogHome: () => keeper?.postMessage('write'),
      onNotice: (notice) => lines.forEach((line) => line.tell(notice)),
    });
  } catch (error) {
    return end(error);
  }
}

function limitOf(value: number | 'none'): number | undefined {
  return value === 'none' ? undefined : value;
}

/** The keeper ends with this thread. */
function startKeeper(): void {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  keeper = new Worker(new URL(`./keeper-thread.${extension}`, import.meta.url), {
    ...{ workerData: birth.dataDirectory, name: 'keeper' },
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
  });
  keeper.unref();
  keeper.on('message', () => writer.logWritten());
  // To this thread it is trouble with the disk: it restarts, and its keeper with it.
  keeper.on('error', (error) => end(error));
  keeper.on('exit', (code) => end(new Error(`its keeper thread ended with exit code ${code}`)));
}

let sinceIndexed = 0;
let idleScheduled = false;

function end(error: unknown): never {
  main.postMessage({ failed: error instanceof Error ? error.message : String(error) });
  return process.exit(1);
}

function apply(changes: readonly Change[]): readonly Outcome[] {
  const startedAt = performance.now();
  let outcomes: readonly Outcome[];
  try {
    outcomes = writer.apply(changes);
  } catch (error) {
    // Only a new writer knows what is on the disk now: main starts one, and open questions are asked again.
    return end(error);
  }
  figures.commits += 1;
  figures.changes += changes.length;
  figures.commitMs += performance.now() - startedAt;
  sinceIndexed += changes.length;
  if (sinceIndexed > INDEX_EVERY_CHANGES) index();
  scheduleIdle();
  return outcomes;
}

function index(): boolean {
  sinceIndexed = 0;
  return writer.indexTail(INDEX_EVENTS);
}

/** Runs after everything that waits already: work for idle times, a small piece at once. */
function scheduleIdle(): void {
  if (idleScheduled) return;
  idleScheduled = true;
  systemClock.after(50, () => {
    idleScheduled = false;
    if (index()) scheduleIdle();
    else writer.vacuum();
  });
}

const group = createGroupCommit(apply, {
  soon: (run) => void setImmediate(run),
  later: (ms, run) => void systemClock.after(ms, run),
});

let backingUp = false;

/** Backups run one at a time, because they share the bodies kept meanwhile. A backup must not take the space that mail needs. */
async function backup(file: string): Promise<true> {
  if (backingUp) throw new Error('a backup is being taken already');
  backingUp = true;
  try {
    const { free, floor } = space.look();
    const needed = await octetsOfStore(birth.dataDirectory);
    if (free - needed < floor)
      throw new Error(
        `no space for a copy beside the store (${needed} octets, ${free} are free, limits.freeSpace keeps ${Math.round(floor)}): make some, or take it with the server stopped`,
      );
    await copyStore(writer, birth.dataDirectory, file);
    return true;
  } finally {
    backingUp = false;
  }
}

function serve(port: MessagePort): void {
  const line = openLine(port, {
    async answer(question) {
      const asked = question as StoreQuestion;
      if ('commit' in asked) return group.commit(changesOf(asked));
      if ('backup' in asked) return backup(asked.backup);
      if ('limits' in asked) {
        limits = asked.limits;
        return space.forget();
      }
      return {
        ...figures,
        queued: writer.queued(),
        trail: writer.trailEnd(),
        queuedMessagesMax: limits.queuedMessagesMax,
        freeOctets: space.look().free,
        full: space.look().because !== undefined,
      } satisfies StoreFigures;
    },
  });
  lines.add(line);
  port.on('close', () => lines.delete(line));
}

interface Space {
  readonly free: number;
  readonly floor: number;
  readonly because: string | undefined;
}

interface SpaceWatch {
  look(): Space;
  /** Called when the floor has changed. */
  forget(): void;
}

function watchSpace(dataDirectory: string): SpaceWatch {
  let at = -Infinity;
  let seen: Space = { free: 0, floor: 0, because: undefined };
  return {
    forget: () => void (at = -Infinity),
    look() {
      const now = systemClock.monotonic();
      if (now - at < SPACE_EVERY_MS) return seen;
      at = now;
      const { bavail, blocks, bsize } = statfsSync(dataDirectory);
      const free = bavail * bsize;
      const { octets, share } = limits.freeSpaceFloor;
      const floor = Math.max(octets, share * blocks * bsize);
      seen = {
        ...{ free, floor },
        because: free < floor ? `${free} octets free, the floor is ${Math.round(floor)}` : undefined,
      };
      return seen;
    },
  };
}

main.on('message', ({ port }: ThreadGreeting) => serve(port));
scheduleIdle();
startKeeper();
main.postMessage({ ready: true });
