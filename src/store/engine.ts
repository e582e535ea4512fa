// The engine that keeps the store. Nothing outside src/store names one: it is chosen by the configuration (`engine-choice.ts`) and opened here, and only then is it
// loaded.

import { unreachable } from '../base/assert.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { ChainEnd } from '../record/link.ts';
import type { QueueLimits } from './depth.ts';
import type { EngineChoice, StorePlace } from './engine-choice.ts';
import type { Changed } from './freshness.ts';
import type { Lookups } from './lookups.ts';
import type { StoreOperations } from './operations.ts';
import type { Incarnation } from './owner.ts';
import type { Change, Outcome, Stage, Store, StoreNotice } from './port.ts';
import type { SideWorkNotice, SideWorks } from './side-work.ts';
import type { Transfer } from './transfer.ts';

/** Each part is loaded when it is asked for: a thread holds what it uses. */
export interface Engine {
  /** One process at a time works on the data: gives the release. Rejects with `StoreLocked` and `DirectoryUnusable`. */
  lock(): Promise<() => void>;
  /** What root has made becomes whose the place is: else the server could not open it. Nothing to do for any other user. */
  leaveToOwner(): Promise<void>;
  /** Why a server could not keep its store there as things are, a sentence each with the way out. Changes nothing. Absent: there is nobody to ask. */
  check?(): Promise<readonly string[]>;
  /** Somebody has made a store here. */
  exists(): Promise<boolean>;
  /**
   * Makes the store if there is none. What the writer of this process before has under way is done by then, or comes no more. Rejects with `StoreTooNew` and
   * `DirectoryUnusable`.
   */
  writer(options: WriterOptions): Promise<EngineWriter>;
  /** A view of its own, which never holds up the writer. */
  lookups(): Promise<OpenLookups>;
  /** For bodies too large for a commit, written by the asker's own thread. */
  stages(): Promise<Stages>;
  /** Undefined: the store is not on a disk of this machine, and who keeps it looks after that. */
  space(): Space | undefined;
  /** Octets that a copy of all takes, as of now. */
  size(): Promise<number>;
  /** Writer and look-ups in this very thread: for commands without a running server. Rejects as `writer` does. */
  open(ports: Pick<WriterOptions, 'clock' | 'entropy'>): Promise<OpenStore>;
  backups(): Promise<Backups>;
  /** Absent: no server keeps it that somebody would have to set up. */
  operations?(): Promise<StoreOperations>;
}

export type Stages = (id: string) => Promise<Stage>;

export interface WriterOptions extends QueueLimits {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** The process that writes, by its node and the first life of it: its writers come one after the other. */
  readonly process: Incarnation;
  /** Why nothing more can be accepted, or undefined. */
  fullBecause?(): string | undefined;
  /** False: fronts are writing stages, so what no message names is not swept. Default: true. */
  readonly sweepStages?: boolean;
  onNotice(notice: StoreNotice): void;
  /** Somebody has to look at the store, though it goes on: `because` says why, with the way out. */
  warn?(because: string): void;
  /** What works beside the writer has failed: only a new writer knows what is kept. */
  failed(error: unknown): void;
  /** Work that nobody waits for fails, or does no more. */
  onSideWork?(notice: SideWorkNotice): void;
  /** What is to keep the store is there, and takes nothing yet: it is waited for. */
  away?(because: string): void;
}

export interface EngineWriter {
  /**
   * Writes all changes and makes them durable before it returns, or before the promise is fulfilled; throws or rejects if nothing is known about any of them: only a
   * new writer knows what is kept. Asked for one group at a time in each lane.
   */
  apply(changes: readonly Change[], lane: number): readonly Outcome[] | Promise<readonly Outcome[]>;
  /** Which group of changes these go with, a small number from 0 on: what is slow must not hold up what somebody waits for. Absent: all go with each other. */
  laneOf?(changes: readonly Change[]): number;
  /**
   * Where several nodes write: renews the lease of this life of this node, and tells what others did. A life that stands there as `dead` never comes back, nor does
   * one that is unknown, unless this `isFirst` pulse begins it: not while another may live that has its name. A life that is over is forgotten in the end, so who
   * asks begins each of them for some minutes at most (`BEGIN_MS`). Takes over from lives that are gone (`lease.ts`): what they hold is due now. Rejects if nothing was
   * heard: it may have been done, or be done a moment later. Absent: this is the only one that writes.
   */
  pulse?(life: Incarnation, isFirst: boolean): PulseAnswer | Promise<PulseAnswer>;
  /**
   * Where several nodes write: this life of this node ends in order. What it holds is due, what it has counted is written, and others hear of it with their next pulse.
   * Nothing is asked of the writer after that. Rejects if it is not known whether that was done: then others take over when the lease is over.
   */
  end?(life: Incarnation): void | Promise<void>;
  /** A small piece of the work that can wait for idle times, one at a time but beside groups; true: there is more. Fails as `apply` does. */
  idle(): boolean | Promise<boolean>;
  /** Of a store that is asked over a network. Absent: it is none. */
  figures?(): WriterFigures;
  /** Messages in the queue. */
  queued(): number;
  /** Where the chain of the trail stands. */
  trailEnd(): ChainEnd;
  /** Copies everything into a new private file, while changes go on; not synced yet, and not verified. One at a time. */
  copy(file: string): Promise<void>;
}

export interface WriterFigures {
  /** With the database, for changes. */
  readonly roundTrips: number;
  /** Groups of which one part did not fit, so that each change was done alone, by the SQLSTATE of the first that did not; `none`: it had no such code. */
  readonly redone: Readonly<Record<string, number>>;
  readonly sideWorks: SideWorks;
}

/** A life that has the name of another. */
export interface Namesake extends Incarnation {
  /** Absent: it did not say. */
  readonly host?: string;
  /** Of its lease, ms since the epoch by the clock of the store: it grows as long as it lives. */
  readonly until: number;
}

export type PulseAnswer =
  | { readonly type: 'dead' }
  /** It was not begun. */
  | { readonly type: 'taken'; readonly by: Namesake }
  | {
      readonly type: 'alive';
      /** When it was done, ms since the epoch by the clock of the store. */
      readonly at: number;
      /** What came into view in the last `FEED_MS`. */
      readonly changed: Changed;
      /** Lives that were gone. */
      readonly tookOver: readonly Incarnation[];
      /** Why nothing may be accepted until another pulse says otherwise; absent: it may. */
      readonly unfit?: string;
    };

export interface Space {
  /** Octets. */
  readonly free: number;
  readonly total: number;
}

export interface OpenLookups extends Lookups {
  close(): void;
}

export interface OpenStore {
  readonly store: Store;
  readonly lookups: Lookups;
  /** As `EngineWriter.copy`. */
  copy(file: string): Promise<void>;
  close(): void;
}

export interface BackupResult {
  readonly messages: number;
  readonly events: number;
  readonly bodies: number;
}

export interface OpenBackup {
  readonly result: BackupResult;
  readonly lookups: Lookups;
  close(): void;
}

export interface StagedBackup {
  readonly octets: number;
  readonly content: AsyncIterable<Uint8Array>;
  /** Whether it was read or not: it holds the space, and a file that nobody closes ends the process when it is collected as garbage. */
  close(): Promise<void>;
}

/** Each is one file. */
export interface Backups {
  /**
   * `copy` makes the file that it is given; when this resolves the copy has no name any more, and vanishes when its reader closes it. `room`: a directory with room
   * for it, absent: beside the store.
   */
  stage(copy: (file: string) => Promise<void>, room?: string): Promise<StagedBackup>;
  /** `write` makes a private file beside it; that gets its name when it is written, synced and found good by `inspect`. On failure nothing is left. */
  writeNewFile<T>(
    file: string,
    write: (aside: string) => Promise<unknown>,
    inspect: (aside: string) => Promise<T>,
  ): Promise<T>;
  /** Reads all of it. Throws if it is not whole, or none of ours. */
  read(file: string): OpenBackup;
  /** Into a place that holds no store yet, if `inspect` resolves. */
  restore(file: string, inspect: (backup: OpenBackup) => Promise<void>): Promise<BackupResult>;
}

/** All that is kept there, out of it and into it. */
export async function openTransfer(place: StorePlace): Promise<Transfer> {
  switch (place.engine) {
    case 'sqlite':
      return (await import('./sqlite/transfer.ts')).sqliteTransfer(place.directory);
    case 'postgres':
      return (await import('./postgres/transfer.ts')).postgresTransfer(place.server);
    default:
      return unreachable(place);
  }
}

/** One more is a folder beside this file and a case here. Threads open it each for itself: what it keeps must be reached from all of them. */
export async function openEngine(choice: EngineChoice): Promise<Engine> {
  switch (choice.engine) {
    case 'sqlite':
      return (await import('./sqlite/engine.ts')).sqliteEngine(choice.directory);
    case 'postgres':
      return (await import('./postgres/engine.ts')).postgresEngine(choice);
    default:
      return unreachable(choice);
  }
}
