// Main's part of a running server: starts the threads in order, connects them, replaces one that dies, reloads, drains.
// What comes before, between and after them, and how all of it is undone, is the list in src/server/running.ts.

import type { Log } from '../observe/log.ts';
import { LineClosed } from '../platform/line.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { EngineChoice } from '../store/engine.ts';
import type { Lookups } from '../store/lookups.ts';
import { type Store, StoreUnavailable } from '../store/port.ts';
import { createRemoteLookups } from '../store/remote-lookups.ts';
import { ONLY_NODE, ownerOf, ownersOfNode, ownersOfThread } from '../store/owner.ts';
import { createRemoteStore } from '../store/remote.ts';
import { beginMinute, emptyRow, planCounts } from './counts.ts';
import type { DeskBirth, DeskQuestion, DeskSettings } from './desk.ts';
import type { LocalAnswer, LocalMessage } from './local-submission.ts';
import type { FrontAnswers, FrontBirth, FrontPlan, FrontQuestion } from './plan.ts';
import type { StoreBirth, StoreFigures, StoreLimits, StoreQuestion } from './store-body.ts';
import type { Crew, Thread } from './thread.ts';

const HEAP_MIB = 1024;
/** Doubles with each death within a minute, up to 16 times as long. */
const RESTART_MS = 200;
const INCARNATION_OCTETS = 6;
const COUNTS_KEY_OCTETS = 16;
const MINUTE_MS = 60_000;

type Question = FrontQuestion | StoreQuestion | DeskQuestion;

export interface SupervisorOptions {
  readonly store: EngineChoice;
  readonly plan: FrontPlan;
  readonly storeLimits: StoreLimits;
  readonly fronts: number;
  readonly log: Log;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly crew: Crew;
  /** A line of a front's log, as it is. */
  writeLog(lines: string): void;
}

export interface Supervisor {
  readonly store: Store;
  readonly lookups: Lookups;
  /** In this order; who calls them holds the lock of the data directory until `stop` has resolved. */
  startStore(): Promise<void>;
  startDesk(): Promise<void>;
  startFronts(): Promise<void>;
  /** The fronts take connections from now on. */
  listen(): Promise<void>;
  reload(plan: FrontPlan, storeLimits: StoreLimits): Promise<void>;
  /** Copies the store into a new file. */
  backup(file: string): Promise<void>;
  /** By the front that is next. Rejects with `LineClosed` if that dies: then the message may be accepted. */
  submit(message: LocalMessage): Promise<LocalAnswer>;
  /** Tells the fronts where the self-test comes from; undefined: it is over. */
  selfTestFrom(address: string | undefined): Promise<void>;
  storeFigures(): Promise<StoreFigures>;
  frontFigures(): Promise<readonly FrontAnswers['figures'][]>;
  /** Names of threads that died and do not run again yet. */
  missing(): readonly string[];
  /** The fronts take no more connections; sessions end at their next quiet moment, at most until `graceMs`. */
  drain(graceMs: number): Promise<void>;
  /** Resolves when no thread lives any more, and so none writes. */
  stop(): Promise<void>;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  const { log, clock, entropy, crew } = options;
  const life = {
    node: ONLY_NODE,
    incarnation: Buffer.from(entropy.bytes(INCARNATION_OCTETS)).toString('hex'),
  };
  const store = createRemoteStore({ clock, stage: () => Promise.reject(new Error('main stages nothing')) });
  const lookups = createRemoteLookups();
  const fronts = new Map<number, Thread>();
  const deaths: number[] = [];
  const missing = new Set<string>();
  let { plan, storeLimits } = options;
  const counts = planCounts({
    ...{ rows: options.fronts, connections: plan.admission.total, key: entropy.bytes(COUNTS_KEY_OCTETS) },
  });
  let storeThread: Thread;
  let deskThread: Thread;
  let listening = false;
  /** No front is started any more; the store is, because what is under way has to be settled. */
  let draining = false;
  let stopping = false;
  let selfTestFrom: string | undefined;
  let submitted = 0;
  let births = 0;

  async function startStore(isFirst: boolean): Promise<void> {
    const birth: StoreBirth = { store: options.store, limits: storeLimits, sweepStages: isFirst };
    const thread = await crew.start({
      ...{ kind: 'store', name: 'store', birth, heapMiB: HEAP_MIB },
      handlers: { notice: (notice) => store.noticed(notice as Parameters<typeof store.noticed>[0]) },
    });
    storeThread = thread;
    if (birth.limits !== storeLimits) await askOrEnd(thread, { limits: storeLimits });
    store.connect(thread.line);
    watch(thread, async () => {
      store.disconnect();
      await startStore(false);
      for (const front of fronts.values()) crew.connect(front, storeThread);
      crew.connect(deskThread, storeThread);
    });
  }

  async function startDesk(): Promise<void> {
    const planAtBirth = plan;
    const birth: DeskBirth = { store: options.store, settings: deskSettings(plan) };
    const thread = await crew.start({ kind: 'desk', name: 'desk', birth, heapMiB: HEAP_MIB });
    deskThread = thread;
    if (planAtBirth !== plan) await askOrEnd(thread, { settings: deskSettings(plan) });
    lookups.connect(thread.line);
    crew.connect(thread, storeThread);
    watch(thread, async () => {
      lookups.disconnect();
      await startDesk();
      for (const front of fronts.values()) crew.connect(front, deskThread);
    });
  }

  async function startFront(number: number): Promise<void> {
    births += 1;
    // Of each birth its own, also of one that fails: it may have claimed mail already.
    const owner = ownerOf(life, number, births);
    const birth: FrontBirth = { plan, owner, store: options.store, counts, row: number - 1 };
    const thread = await crew.start({
      ...{ kind: 'front', name: `front ${number}`, birth, heapMiB: HEAP_MIB },
      handlers: { notice: (notice) => options.writeLog((notice as { readonly log: string }).log) },
    });
    // It would claim mail, and nobody would wait for it.
    if (draining) return thread.terminate();
    fronts.set(number, thread);
    void thread.ended.then(() => fronts.delete(number));
    if (birth.plan !== plan) await askOrEnd(thread, { ask: 'reload', plan });
    if (selfTestFrom !== undefined) await askOrEnd(thread, { ask: 'selfTest', from: selfTestFrom });
    crew.connect(thread, storeThread);
    crew.connect(thread, deskThread);
    if (listening) await askOrEnd(thread, { ask: 'listen' });
    watch(thread, async () => {
      emptyRow(counts, number - 1);
      // The mail in its memory is in the store too: any front may claim it.
      await freeLeases(ownersOfThread(life, number));
      await startFront(number);
    });
  }

  /** Does what was asked while the thread was starting. A thread that can't must not live on beside its replacement. */
  async function askOrEnd(thread: Thread, question: Question): Promise<void> {
    try {
      await thread.line.ask(question);
    } catch (error) {
      await thread.terminate();
      throw error;
    }
  }

  async function freeLeases(ownerPrefix: string): Promise<void> {
    const [outcome] = await store.commit([{ type: 'free', ownerPrefix, dueAt: clock.now() }]);
    if (outcome.type === 'failed') throw new StoreUnavailable(`leases were not given back: ${outcome.cause}`);
  }

  const isWanted = ({ kind }: Thread): boolean => !stopping && !(draining && kind === 'front');

  function watch(thread: Thread, replace: () => Promise<void>): void {
    void thread.ended.then(async (because) => {
      if (!isWanted(thread)) return;
      missing.add(thread.name);
      log.error({ thread: thread.name, because }, 'thread died, starting it again');
      const now = clock.now();
      deaths.push(now);
      while ((deaths[0] ?? now) < now - 60_000) deaths.shift();
      // At once the first time; a thread that dies again and again meets something that takes time.
      await pause(clock, RESTART_MS * 2 ** Math.min(deaths.length - 1, 4));
      await replaceUntilDone(thread, replace);
    });
  }

  async function replaceUntilDone(thread: Thread, replace: () => Promise<void>): Promise<void> {
    const { name } = thread;
    for (let tries = 0; isWanted(thread); tries += 1) {
      try {
        await replace();
        missing.delete(name);
        return log.info({ thread: name }, 'thread runs again');
      } catch (error) {
        log.error({ thread: name, error: String(error) }, 'thread could not be started');
        await pause(clock, RESTART_MS * 2 ** Math.min(tries, 4));
      }
    }
  }

  function countMinutes(): void {
    clock.after(MINUTE_MS, () => {
      beginMinute(counts);
      if (!stopping) countMinutes();
    });
  }

  async function askIfAlive({ line }: Thread, question: Question): Promise<unknown> {
    return line.ask(question).catch((error: unknown) => {
      // It has died and restarts with the present plan.
      if (error instanceof LineClosed) return undefined;
      throw error;
    });
  }

  async function askFronts(question: FrontQuestion): Promise<readonly unknown[]> {
    const answers = [...fronts.values()].map((front) => askIfAlive(front, question));
    return (await Promise.all(answers)).filter((answer) => answer !== undefined);
  }

  return {
    store,
    lookups,
    startStore: () => startStore(true),
    startDesk,
    async startFronts() {
      // Leases of the process before are void: it is gone, because the lock is ours.
      await freeLeases(ownersOfNode(life.node));
      for (let number = 1; number <= options.fronts; number += 1) await startFront(number);
      countMinutes();
    },
    async listen() {
      listening = true;
      await askFronts({ ask: 'listen' });
    },
    async reload(next, limits) {
      plan = next;
      storeLimits = limits;
      await askIfAlive(storeThread, { limits });
      await askIfAlive(deskThread, { settings: deskSettings(next) });
      await askFronts({ ask: 'reload', plan: next });
    },
    async submit(message) {
      submitted += 1;
      const all = [...fronts.values()];
      const front = all[submitted % all.length];
      if (front === undefined) throw new StoreUnavailable('no front runs');
      return (await front.line.ask({ ask: 'submit', message } satisfies FrontQuestion)) as LocalAnswer;
    },
    backup: async (file) => void (await storeThread.line.ask({ backup: file })),
    async selfTestFrom(from) {
      selfTestFrom = from;
      await askFronts({ ask: 'selfTest', from });
    },
    storeFigures: async () => (await storeThread.line.ask({ figures: true })) as StoreFigures,
    frontFigures: async () => (await askFronts({ ask: 'figures' })) as readonly FrontAnswers['figures'][],
    missing: () => [...missing],
    async drain(graceMs) {
      draining = true;
      listening = false;
      // Each by itself: one that can't is no reason to end the others before their time.
      const drained = [...fronts.values()].map((front) =>
        askIfAlive(front, { ask: 'drain', graceMs }).catch((error: unknown) => {
          log.error({ thread: front.name, error: String(error) }, 'a front did not drain');
        }),
      );
      await Promise.all(drained);
    },
    async stop() {
      stopping = true;
      await crew.stop();
    },
  };
}

function deskSettings({ domains, admission }: FrontPlan): DeskSettings {
  return { domains, shared: admission.exempt };
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve));
}
