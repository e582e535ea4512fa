// The store in memory: the reference model of the port, for tests and simulation. Plain Maps, no index, no cache. `crash` is a kill
// and a new start: what was committed stays, what was asked and not committed is unknown to its asker.

import { consoleSession } from './console-sessions.ts';
import { unreachable } from '../../base/assert.ts';
import type { Clock, Entropy } from '../../platform/platform.ts';
import type { QueueLimits } from '../depth.ts';
import type { EngineWriter, PulseAnswer, WriterOptions } from '../engine.ts';
import { atOnce, createGroupCommit, type GroupCommit, type Schedule } from '../group-commit.ts';
import type { Lookups } from '../lookups.ts';
import type { Place } from '../lease.ts';
import type { Incarnation } from '../owner.ts';
import { type Change, type Outcome, type Store, type StoreNotice, StoreUnavailable } from '../port.ts';
import { createWithdrawals, type Withdrawals } from '../withdrawals.ts';
import { accept } from './accept.ts';
import { type Bodies, createBodies } from './bodies.ts';
import { appendEvent, chainEnd } from './events.ts';
import { guesses } from './guesses.ts';
import { credentialUsed, writeIdentity } from './identities.ts';
import { createLives, type Lives } from './lives.ts';
import { createMemoryLookups } from './lookups.ts';
import { dueNotices, report } from './notices.ts';
import { claim, free, settle, withdraw } from './queue.ts';
import { changeQueue } from './queue-commands.ts';
import { erase, purge, sharedKey } from './retention.ts';
import type { State } from './state.ts';
import { createJournal, createTables, type Tables } from './tables.ts';
import { undo } from './undo.ts';

export interface MemoryStoreOptions extends QueueLimits {
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Why nothing more can be accepted, or undefined. */
  fullBecause?(): string | undefined;
  /** When groups of changes are written; by default at once. */
  readonly schedule?: Schedule;
}

export interface MemoryStore {
  readonly store: Store;
  readonly lookups: Lookups;
  /**
   * A kill and a new start at once; the listeners are gone too. `sweepStages` false: only the thread of the store died, and bodies that
   * others are staging stay.
   */
  crash(how?: { readonly sweepStages: boolean }): void;
  /** As a thread of a server has it: a kill and a new start first, then what is asked is applied at once. */
  writer(options: Omit<WriterOptions, 'clock' | 'entropy' | 'process' | 'failed'>): MemoryWriter;
  /** One of several that write, each for a node of its own, as on a server of databases: nothing is killed, and nothing is swept. */
  beside(options: Beside): MemoryWriter & Required<Pick<MemoryWriter, 'pulse' | 'end'>>;
  close(): void;
}

/** It answers at once. */
export interface MemoryWriter extends EngineWriter {
  apply(changes: readonly Change[]): readonly Outcome[];
  pulse?(life: Incarnation, isFirst: boolean): PulseAnswer;
  end?(life: Incarnation): void;
}

export function openMemoryStore(options: MemoryStoreOptions): MemoryStore {
  const { clock, entropy } = options;
  const journal = createJournal();
  const tables = createTables(journal);
  const bodies = createBodies();
  const listeners = new Set<(notice: StoreNotice) => void>();
  const apply = applyTo({
    ...{ journal, tables, bodies, clock, entropy },
    withdrawals: () => withdrawals,
    noteFacts: (told) => lives.noteFacts(told),
    noticed(notice, { datedMsAgo = () => 0 }) {
      lives.noticed(notice, datedMsAgo());
      for (const listener of listeners) listener(notice);
    },
  });
  const lives = createLives(clock, (ownerPrefix, dueAt) =>
    apply([{ type: 'free', ownerPrefix, dueAt }], options),
  );
  let limits: Limits = options;
  let withdrawals = createWithdrawals(clock);
  let group = newLife();

  function newLife(): GroupCommit {
    const life: GroupCommit = createGroupCommit(
      (changes) => applyIn(life, changes),
      options.schedule ?? atOnce,
    );
    return life;
  }

  function applyIn(life: GroupCommit, changes: readonly Change[]): readonly Outcome[] {
    if (group !== life) throw new StoreUnavailable('the store is gone');
    return apply(structuredClone(changes), limits);
  }

  function end(): void {
    group = newLife();
    listeners.clear();
  }

  function crash({ sweepStages } = { sweepStages: true }): void {
    end();
    withdrawals = createWithdrawals(clock);
    if (sweepStages) bodies.crash((id) => tables.messages.has(id));
  }

  const views = viewsOf(tables);
  return {
    store: {
      commit: ((changes) => group.commit(changes)) as Store['commit'],
      stage: (id) => bodies.stage(id),
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    lookups: { ...createMemoryLookups(tables, bodies), nodes: async () => lives.nodes() },
    crash,
    writer(next) {
      crash({ sweepStages: next.sweepStages !== false });
      limits = next;
      listeners.add((notice) => next.onNotice(notice));
      const life = group;
      return { ...views, apply: (changes) => applyIn(life, changes) };
    },
    beside: writersBeside({ views, lives, listeners, apply }),
    close() {
      end();
      group = { commit: () => Promise.reject(new StoreUnavailable('the store is closed')) };
    },
  };
}

type Apply = (changes: readonly Change[], limits: Limits) => readonly Outcome[];
type Views = Omit<MemoryWriter, 'apply' | 'pulse' | 'end'>;

function viewsOf(tables: Tables): Views {
  return {
    idle: () => false,
    queued: () => tables.messages.size,
    trailEnd: () => chainEnd(tables),
    copy: () => Promise.reject(new Error('memory is not copied')),
  };
}

function writersBeside(o: {
  readonly views: Views;
  readonly lives: Lives;
  readonly listeners: Set<(notice: StoreNotice) => void>;
  readonly apply: Apply;
}): MemoryStore['beside'] {
  return (options) => {
    o.listeners.add((notice) => options.onNotice(notice));
    return {
      ...o.views,
      apply: (changes) => o.apply(structuredClone(changes), options),
      pulse: (life, isFirst) => o.lives.pulse(life, isFirst, options.place ?? {}),
      end: (life) => o.lives.end(life),
    };
  };
}

interface Beside extends Limits, Pick<WriterOptions, 'onNotice'> {
  readonly place?: Partial<Place>;
  /** A change is seen so long after its time, ms: it took long. */
  datedMsAgo?(): number;
}

type Limits = Pick<WriterOptions, keyof QueueLimits | 'fullBecause'>;

interface Kept {
  readonly journal: ReturnType<typeof createJournal>;
  readonly tables: Tables;
  readonly bodies: Bodies;
  readonly clock: Clock;
  readonly entropy: Entropy;
  withdrawals(): Withdrawals;
  noticed(notice: StoreNotice, limits: Limits & Partial<Beside>): void;
  noteFacts: State['noteFacts'];
}

/** Each change alone: none can fail its neighbours. */
function applyTo(kept: Kept): Apply {
  const { journal, tables, bodies, entropy } = kept;

  function alone(change: Change, limits: Limits, notices: StoreNotice[]): Outcome {
    const told: StoreNotice[] = [];
    const done: string[] = [];
    const state: State = {
      tables,
      clock: kept.clock,
      withdrawals: kept.withdrawals(),
      fullBecause: () => limits.fullBecause?.(),
      queueLimits: limits,
      append: (event) => appendEvent(tables, entropy, event),
      notice: (notice) => void told.push(notice),
      bodyDone: (id) => void done.push(id),
      noteFacts: (told) => kept.noteFacts(told),
    };
    try {
      const outcome = journal.attempt(() => applyOne(state, change));
      for (const id of done) bodies.remove(id);
      notices.push(...told);
      return outcome;
    } catch (error) {
      return { type: 'failed', cause: error instanceof Error ? error.message : String(error) };
    }
  }

  return (changes, limits) => {
    const notices: StoreNotice[] = [];
    const outcomes = changes.map((change) => alone(change, limits, notices));
    for (const notice of notices) kept.noticed(notice, limits);
    return outcomes;
  };
}

function applyOne(state: State, change: Change): Outcome {
  if ('dueAt' in change && !Number.isInteger(change.dueAt))
    return { type: 'failed', cause: 'times are whole milliseconds' };
  switch (change.type) {
    case 'accept':
      return accept(state, change);
    case 'withdraw':
      return withdraw(state, change);
    case 'settle':
      return settle(state, change);
    case 'claim':
      return claim(state, change);
    case 'free':
      return free(state, change);
    case 'dueNotices':
      return dueNotices(state, change);
    case 'report':
      return report(state, change);
    case 'record':
      for (const event of change.events) state.append(event);
      return { type: 'recorded' };
    case 'identity':
      return writeIdentity(state, change);
    case 'credentialUsed':
      return credentialUsed(state, change);
    case 'queue':
      return changeQueue(state, change);
    case 'undo':
      return undo(state, change);
    case 'sharedKey':
      return sharedKey(state, change);
    case 'guesses':
      return guesses(state, change);
    case 'nodeFacts':
      return state.noteFacts(change);
    case 'consoleSession':
      return consoleSession(state, change);
    case 'purge':
      return purge(state, change);
    case 'erase':
      return erase(state, change);
    default:
      return unreachable(change);
  }
}
