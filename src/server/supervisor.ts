// Main's part of a running server (DESIGN 3.3): starts the threads in order, connects them, replaces one that dies, reloads, drains.
// The order: lock → store thread → desk thread → fronts → listen. Stopping goes the other way round.

import { randomBytes } from 'node:crypto';
import type { LoadedConfig } from '../config/load.ts';
import type { Log } from '../observe/log.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { LineClosed } from '../platform/line.ts';
import { tryBind } from '../platform/listen.ts';
import type { Lookups } from '../store/lookups.ts';
import { type Store, StoreUnavailable } from '../store/port.ts';
import { createRemoteLookups } from '../store/remote-lookups.ts';
import { createRemoteStore } from '../store/remote.ts';
import { lockDirectory } from '../store/sqlite/open.ts';
import type { BackupResult } from '../store/sqlite/backup.ts';
import type { DeskBirth } from './desk-thread.ts';
import type { LocalAnswer, LocalMessage } from './local-submission.ts';
import type { FrontAnswers, FrontBirth, FrontPlan, FrontQuestion } from './plan.ts';
import type { StoreBirth, StoreFigures, StoreLimits, StoreQuestion } from './store-thread.ts';
import { connectThreads, startThread, type Thread } from './thread.ts';

const HEAP_MIB = 1024;
/** Doubles with each death within a minute, up to 16 times as long. */
const RESTART_MS = 200;

export interface SupervisorOptions {
  readonly loaded: LoadedConfig;
  readonly plan: FrontPlan;
  readonly storeLimits: StoreLimits;
  readonly fronts: number;
  readonly log: Log;
  /** A line of a front's log, as it is. */
  writeLog(lines: string): void;
}

export interface Supervisor {
  readonly store: Store;
  readonly lookups: Lookups;
  reload(plan: FrontPlan, storeLimits: StoreLimits): Promise<void>;
  backup(file: string): Promise<BackupResult>;
  /** By the front that is next. Rejects with `LineClosed` if that dies: then the message may be accepted. */
  submit(message: LocalMessage): Promise<LocalAnswer>;
  /** Tells the fronts where the self-test comes from; undefined: it is over. */
  selfTestFrom(address: string | undefined): Promise<void>;
  storeFigures(): Promise<StoreFigures>;
  frontFigures(): Promise<readonly FrontAnswers['figures'][]>;
  /** Names of threads that died and do not run again yet. */
  missing(): readonly string[];
  /** Sessions end at their next quiet moment, at most until `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { loaded, log } = options;
  const { config } = loaded;
  const dataDirectory = loaded.path(config.data);
  const incarnation = randomBytes(6).toString('hex');
  const unlock = lockDirectory(dataDirectory);
  const store = createRemoteStore({ clock, stage: () => Promise.reject(new Error('main stages nothing')) });
  const lookups = createRemoteLookups();
  const fronts = new Map<number, Thread>();
  const deaths: number[] = [];
  const missing = new Set<string>();
  let { plan, storeLimits } = options;
  let storeThread: Thread;
  let deskThread: Thread;
  let stopping = false;
  let submitted = 0;

  async function startStore(isFirst: boolean): Promise<Thread> {
    const birth: StoreBirth = { dataDirectory, limits: storeLimits, sweepStages: isFirst };
    const thread = await startThread({
      ...{ kind: 'store', name: 'store', birth, heapMiB: HEAP_MIB },
      handlers: { notice: (notice) => store.noticed(notice as Parameters<typeof store.noticed>[0]) },
    });
    store.connect(thread.line);
    watch(thread, async () => {
      store.disconnect();
      storeThread = await startStore(false);
      for (const front of fronts.values())
        connectThreads(front, storeThread, { asker: 'front', answerer: 'store' });
      connectThreads(deskThread, storeThread, { asker: 'desk', answerer: 'store' });
    });
    return thread;
  }

  async function startDesk(): Promise<Thread> {
    const birth: DeskBirth = { dataDirectory, domains: plan.domains };
    const thread = await startThread({ kind: 'desk', name: 'desk', birth, heapMiB: HEAP_MIB });
    lookups.connect(thread.line);
    connectThreads(thread, storeThread, { asker: 'desk', answerer: 'store' });
    watch(thread, async () => {
      lookups.disconnect();
      deskThread = await startDesk();
      for (const front of fronts.values())
        connectThreads(front, deskThread, { asker: 'front', answerer: 'desk' });
    });
    return thread;
  }

  async function startFront(number: number, run: number): Promise<void> {
    const owner = `local/${incarnation}/${number}.${run}`;
    const birth: FrontBirth = { plan, owner, dataDirectory };
    const thread = await startThread({
      ...{ kind: 'front', name: `front ${number}`, birth, heapMiB: HEAP_MIB },
      handlers: { notice: (notice) => options.writeLog((notice as { readonly log: string }).log) },
    });
    fronts.set(number, thread);
    connectThreads(thread, storeThread, { asker: 'front', answerer: 'store' });
    connectThreads(thread, deskThread, { asker: 'front', answerer: 'desk' });
    await thread.line.ask({ ask: 'listen' } satisfies FrontQuestion);
    watch(thread, async () => {
      fronts.delete(number);
      // What it held in memory is in the store too: whoever is free takes it.
      await freeLeases(owner);
      await startFront(number, run + 1);
    });
  }

  async function freeLeases(ownerPrefix: string): Promise<void> {
    const [outcome] = await store.commit([{ type: 'free', ownerPrefix, dueAt: clock.now() }]);
    if (outcome.type === 'failed') throw new StoreUnavailable(`leases were not given back: ${outcome.cause}`);
  }

  function watch(thread: Thread, replace: () => Promise<void>): void {
    void thread.ended.then(async (because) => {
      if (stopping) return;
      missing.add(thread.name);
      log.error({ thread: thread.name, because }, 'thread died, starting it again');
      const now = clock.now();
      deaths.push(now);
      while ((deaths[0] ?? now) < now - 60_000) deaths.shift();
      // At once the first time; a thread that dies again and again meets something that takes time.
      await pause(RESTART_MS * 2 ** Math.min(deaths.length - 1, 4));
      await replaceUntilDone(thread.name, replace);
    });
  }

  async function replaceUntilDone(name: string, replace: () => Promise<void>): Promise<void> {
    for (let tries = 0; !stopping; tries += 1) {
      try {
        await replace();
        missing.delete(name);
        return log.info({ thread: name }, 'thread runs again');
      } catch (error) {
        log.error({ thread: name, error: String(error) }, 'thread could not be started');
        await pause(RESTART_MS * 2 ** Math.min(tries, 4));
      }
    }
  }

  async function askIfAlive({ line }: Thread, question: FrontQuestion | StoreQuestion): Promise<unknown> {
    return line.ask(question).catch((error: unknown) => {
      // It has died and is born again with the plan of now.
      if (error instanceof LineClosed) return undefined;
      throw error;
    });
  }

  async function askFronts(question: FrontQuestion): Promise<readonly unknown[]> {
    const answers = [...fronts.values()].map((front) => askIfAlive(front, question));
    return (await Promise.all(answers)).filter((answer) => answer !== undefined);
  }

  try {
    for (const { address, port } of plan.listeners) await bindable(address, port);
    storeThread = await startStore(true);
    deskThread = await startDesk();
    // Leases of the process before are void: it is gone, because the lock is ours.
    await freeLeases('');
    for (let number = 1; number <= options.fronts; number += 1) await startFront(number, 1);
  } catch (error) {
    stopping = true;
    unlock();
    throw error;
  }

  return {
    store,
    lookups,
    async reload(next, limits) {
      plan = next;
      storeLimits = limits;
      await askIfAlive(storeThread, { limits });
      await deskThread.line.ask({ domains: next.domains });
      await askFronts({ ask: 'reload', plan: next });
    },
    async submit(message) {
      submitted += 1;
      const all = [...fronts.values()];
      const front = all[submitted % all.length];
      if (front === undefined) throw new StoreUnavailable('no front runs');
      return (await front.line.ask({ ask: 'submit', message } satisfies FrontQuestion)) as LocalAnswer;
    },
    backup: async (file) => (await storeThread.line.ask({ backup: file })) as BackupResult,
    selfTestFrom: async (from) => void (await askFronts({ ask: 'selfTest', from })),
    storeFigures: async () => (await storeThread.line.ask({ figures: true })) as StoreFigures,
    frontFigures: async () => (await askFronts({ ask: 'figures' })) as readonly FrontAnswers['figures'][],
    missing: () => [...missing],
    async stop(graceMs) {
      stopping = true;
      await askFronts({ ask: 'drain', graceMs }).catch((error: unknown) => {
        log.error({ error: String(error) }, 'a front did not drain');
      });
      for (const front of fronts.values()) await front.terminate();
      await deskThread.terminate();
      await storeThread.terminate();
      unlock();
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}

async function bindable(address: string | undefined, port: number): Promise<void> {
  try {
    await tryBind({ address, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const where = `${address ?? '*'}:${port}`;
    if (code === 'EADDRINUSE') throw new Error(`${where} is in use by another program`, { cause: error });
    if (code === 'EACCES')
      throw new Error(
        `${where} may not be bound: give the service CAP_NET_BIND_SERVICE (packaging/postern.service does)`,
        { cause: error },
      );
    throw new Error(`${where} can't be bound: ${String(error)}`, { cause: error });
  }
}
