// Main's part of a running server: starts the threads in order, connects them, replaces one that dies, reloads, drains.
// What comes before, between and after them, and how all of it is undone, is the list in `server.ts`.

import type { Log } from '../observe/log.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { type EngineChoice, isShared, nodeOf } from '../store/engine-choice.ts';
import { createHolder, type Holder, type ToldHolder } from '../store/holder.ts';
import type { Lookups } from '../store/lookups.ts';
import { type Store, StoreUnavailable } from '../store/port.ts';
import { createRemoteLookups, type RemoteLookups } from '../store/remote-lookups.ts';
import { type Incarnation, newIncarnation, ownerOf, ownersOfNode, ownersOfThread } from '../store/owner.ts';
import { createRemoteStore, type RemoteStore } from '../store/remote.ts';
import { beginMinute, type CountsPlan, emptyRow, planCounts } from './counts.ts';
import { askIfAlive, askOrEnd, endLife } from './asking.ts';
import type { LookupBirth, LookupSettings } from './lookup-body.ts';
import { FrontThreads } from './front-threads.ts';
import type { LocalAnswer, LocalMessage } from './local-submission.ts';
import type { FrontAnswers, FrontBirth, FrontPlan, FrontQuestion } from './plan.ts';
import type { StoreThreadNotice } from './store-thread-notice.ts';
import { Restarts } from './restarts.ts';
import type { StoreBirth, StoreFigures, StoreLimits } from './store-body.ts';
import { isStoreNews, logNextLife, logStoreNews, logWaiting } from './store-news.ts';
import type { Crew, Thread } from './thread.ts';

const HEAP_MIB = 1024;
const COUNTS_KEY_OCTETS = 16;
const MINUTE_MS = 60_000;

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
  startLookup(): Promise<void>;
  startFronts(): Promise<void>;
  /** The fronts take connections from now on. */
  listen(): Promise<void>;
  /** Some front takes connections. */
  readonly listens: boolean;
  /** Of this node, as it is named in the store now. */
  readonly life: Incarnation;
  /** Of a store that a single node writes it always holds. */
  readonly lease: Pick<Holder, 'mayAct' | 'isSure'>;
  reload(plan: FrontPlan, storeLimits: StoreLimits): Promise<void>;
  /** Copies the store into a new file. */
  backup(file: string): Promise<void>;
  /** Gives a thread of the crew lines to the store and to look-ups, and new ones when those threads are replaced. The returned function ends that. */
  adopt(thread: Thread): () => void;
  /** By the front that is next. Rejects with `LineClosed` if that dies: then the message may be accepted. */
  submit(message: LocalMessage): Promise<LocalAnswer>;
  /** Tells the fronts where the self-test comes from; undefined: it is over. */
  selfTestFrom(address: string | undefined): Promise<void>;
  storeFigures(): Promise<StoreFigures>;
  frontFigures(): Promise<readonly FrontAnswers['figures'][]>;
  /** What became of threads that died. */
  readonly restarts: Pick<Restarts, 'missing' | 'deathsOf'>;
  /** The fronts take no more connections; sessions end at their next quiet moment, at most until `graceMs`. Once: asked again, it is the same drain. */
  drain(graceMs: number): Promise<void>;
  /** Resolves when no thread lives any more, and so none writes. */
  stop(): Promise<void>;
}

export function createSupervisor(options: SupervisorOptions): Supervisor {
  return new RunningSupervisor(options);
}

class RunningSupervisor implements Supervisor {
  readonly store: RemoteStore;
  readonly lookups: RemoteLookups = createRemoteLookups();
  readonly lease: ToldHolder;
  readonly #options: SupervisorOptions;
  readonly #process: Incarnation;
  /** A node that was taken for dead goes on in another. */
  #life: Incarnation;
  readonly #counts: CountsPlan;
  readonly #fronts: FrontThreads;
  readonly restarts: Restarts;
  readonly #adopted = new Set<Thread>();
  #plan: FrontPlan;
  #storeLimits: StoreLimits;
  #storeThread!: Thread;
  /** Several nodes share the store, and this one has begun to live there. */
  #lives = false;
  #lookupThread!: Thread;
  #listening = false;
  #listens = false;
  /** No front is started any more; the store is, because what is under way has to be settled. */
  #draining: Promise<void> | undefined;
  #stopping = false;
  #selfTestFrom: string | undefined;
  #births = 0;

  constructor(options: SupervisorOptions) {
    const { clock, entropy, log, plan, fronts } = options;
    this.#options = options;
    this.#plan = plan;
    this.#storeLimits = options.storeLimits;
    this.lease = createHolder(clock, 'main');
    this.#process = { node: nodeOf(options.store), incarnation: newIncarnation(entropy) };
    this.#life = this.#process;
    this.store = createRemoteStore({ clock, stage: () => Promise.reject(new Error('main stages nothing')) });
    this.#counts = planCounts({
      ...{ rows: fronts, connections: plan.admission.total, key: entropy.bytes(COUNTS_KEY_OCTETS) },
    });
    this.#fronts = new FrontThreads(log);
    const isWanted = ({ kind }: Thread): boolean =>
      !this.#stopping && (this.#draining === undefined || kind !== 'front');
    this.restarts = new Restarts(clock, log, isWanted);
  }

  startStore(): Promise<void> {
    return this.#startStore(true);
  }

  async startLookup(): Promise<void> {
    const { crew, store } = this.#options;
    const plan = this.#plan;
    const birth: LookupBirth = { store, settings: lookupSettings(plan) };
    const thread = await crew.start({ kind: 'lookup', name: 'lookup', birth, heapMiB: HEAP_MIB });
    this.#lookupThread = thread;
    if (plan !== this.#plan) await askOrEnd(thread, { settings: lookupSettings(this.#plan) });
    this.lookups.connect(thread.line);
    crew.connect(thread, this.#storeThread);
    this.restarts.watch(thread, async () => {
      this.lookups.disconnect();
      await this.startLookup();
      for (const asker of this.#askers()) crew.connect(asker, this.#lookupThread);
    });
  }

  async startFronts(): Promise<void> {
    // Leases of the process before are void: it is gone, because the lock is ours. Where nodes have lives, that which begins sees to the one before.
    if (!isShared(this.#options.store)) await this.#freeLeases(ownersOfNode(this.#life.node));
    for (let number = 1; number <= this.#options.fronts; number += 1) await this.#startFront(number);
    this.#countMinutes();
  }

  async listen(): Promise<void> {
    this.#listening = true;
    await this.#fronts.ask({ ask: 'listen' });
    this.#listens = true;
  }

  get life(): Incarnation {
    return this.#life;
  }

  get listens(): boolean {
    return this.#listens && this.#fronts.alive.length > 0;
  }

  async reload(plan: FrontPlan, limits: StoreLimits): Promise<void> {
    this.#plan = plan;
    this.#storeLimits = limits;
    await askIfAlive(this.#storeThread, { limits });
    await askIfAlive(this.#lookupThread, { settings: lookupSettings(plan) });
    await this.#fronts.ask({ ask: 'reload', plan });
  }

  async backup(file: string): Promise<void> {
    await this.#storeThread.line.ask({ backup: file });
  }

  adopt(thread: Thread): () => void {
    this.#adopted.add(thread);
    for (const one of [this.#storeThread, this.#lookupThread]) this.#options.crew.connect(thread, one);
    return () => void this.#adopted.delete(thread);
  }

  async submit(message: LocalMessage): Promise<LocalAnswer> {
    const front = this.#fronts.next();
    if (front === undefined) throw new StoreUnavailable('no front runs');
    return (await front.line.ask({ ask: 'submit', message } satisfies FrontQuestion)) as LocalAnswer;
  }

  async selfTestFrom(from: string | undefined): Promise<void> {
    this.#selfTestFrom = from;
    await this.#fronts.ask({ ask: 'selfTest', from });
  }

  async storeFigures(): Promise<StoreFigures> {
    return (await this.#storeThread.line.ask({ figures: true })) as StoreFigures;
  }

  async frontFigures(): Promise<readonly FrontAnswers['figures'][]> {
    return (await this.#fronts.ask({ ask: 'figures' })) as readonly FrontAnswers['figures'][];
  }

  async drain(graceMs: number): Promise<void> {
    this.#listening = false;
    this.#listens = false;
    this.#draining ??= this.#fronts.drain(graceMs);
    await this.#draining;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const { clock, crew, log } = this.#options;
    await crew.stop(async () => (this.#lives ? endLife(this.#storeThread, clock, log) : undefined));
  }

  async #startStore(isFirst: boolean): Promise<void> {
    const { crew, log, store } = this.#options;
    const lives = { node: this.#life, process: this.#process };
    const birth: StoreBirth = { store, ...lives, limits: this.#storeLimits, isFirst };
    const thread = await crew.start({
      ...{ kind: 'store', name: 'store', birth, heapMiB: HEAP_MIB },
      handlers: { notice: (notice) => this.#noticed(notice as StoreThreadNotice) },
      waits: (waiting) => {
        logWaiting(log, waiting);
        this.restarts.waits('store', waiting.because);
      },
    });
    this.#storeThread = thread;
    this.#lives = isShared(birth.store);
    if (birth.limits !== this.#storeLimits) await askOrEnd(thread, { limits: this.#storeLimits });
    this.store.connect(thread.line);
    this.restarts.watch(thread, async () => {
      this.store.disconnect();
      await this.#startStore(false);
      for (const asker of this.#askers()) crew.connect(asker, this.#storeThread);
      crew.connect(this.#lookupThread, this.#storeThread);
    });
  }

  #noticed(notice: StoreThreadNotice): void {
    const { log } = this.#options;
    if (isStoreNews(notice)) return logStoreNews(log, notice);
    if (notice.type !== 'lease') return this.store.noticed(notice);
    if (this.#life.incarnation !== notice.life.incarnation) logNextLife(log, this.#life, notice.life);
    this.#life = notice.life;
    this.lease.told(notice);
  }

  async #startFront(number: number): Promise<void> {
    const { crew, store } = this.#options;
    this.#births += 1;
    // Of each birth its own, also of one that fails: it may have claimed mail already.
    const owner = ownerOf(this.#life, number, this.#births);
    const birth: FrontBirth = { plan: this.#plan, owner, store, counts: this.#counts, row: number - 1 };
    const thread = await crew.start({
      ...{ kind: 'front', name: `front ${number}`, birth, heapMiB: HEAP_MIB },
      handlers: { notice: (notice) => this.#options.writeLog((notice as { readonly log: string }).log) },
    });
    // It would claim mail, and nobody would wait for it.
    if (this.#draining !== undefined) return thread.terminate();
    this.#fronts.add(number, thread);
    if (birth.plan !== this.#plan) await askOrEnd(thread, { ask: 'reload', plan: this.#plan });
    if (this.#selfTestFrom !== undefined)
      await askOrEnd(thread, { ask: 'selfTest', from: this.#selfTestFrom });
    crew.connect(thread, this.#storeThread);
    crew.connect(thread, this.#lookupThread);
    if (this.#listening) await askOrEnd(thread, { ask: 'listen' });
    this.restarts.watch(thread, async () => {
      emptyRow(this.#counts, number - 1);
      // The mail in its memory is in the store too: any front may claim it.
      await this.#freeLeases(ownersOfThread(this.#life, number));
      await this.#startFront(number);
    });
  }

  #askers(): readonly Thread[] {
    return [...this.#fronts.alive, ...this.#adopted];
  }

  async #freeLeases(ownerPrefix: string): Promise<void> {
    const dueAt = this.#options.clock.now();
    const [outcome] = await this.store.commit([{ type: 'free', ownerPrefix, dueAt }]);
    if (outcome.type === 'failed') throw new StoreUnavailable(`leases were not given back: ${outcome.cause}`);
  }

  #countMinutes(): void {
    this.#options.clock.after(MINUTE_MS, () => {
      beginMinute(this.#counts);
      if (!this.#stopping) this.#countMinutes();
    });
  }
}

function lookupSettings({ domains, admission }: FrontPlan): LookupSettings {
  return { domains, shared: admission.exempt };
}
