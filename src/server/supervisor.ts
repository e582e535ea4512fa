// Main's part of a running server: starts the threads in order, connects them, replaces one that dies, reloads, drains.
// What comes before, between and after them, and how all of it is undone, is the list in `server.ts`.

import type { Log } from '../observe/log.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { type EngineChoice, nodeOf } from '../store/engine-choice.ts';
import { createHolder, type Holder, type ToldHolder } from '../store/holder.ts';
import type { Lookups } from '../store/lookups.ts';
import { type Store, StoreUnavailable } from '../store/port.ts';
import { createRemoteLookups, type RemoteLookups } from '../store/remote-lookups.ts';
import { type Incarnation, newIncarnation, ownerOf, ownersOfNode, ownersOfThread } from '../store/owner.ts';
import { createRemoteStore, type RemoteStore } from '../store/remote.ts';
import { beginMinute, type CountsPlan, emptyRow, planCounts } from './counts.ts';
import { askIfAlive, askOrEnd } from './asking.ts';
import type { LookupBirth, LookupSettings } from './lookup-body.ts';
import { FrontThreads } from './front-threads.ts';
import type { LocalAnswer, LocalMessage } from './local-submission.ts';
import type { FrontAnswers, FrontBirth, FrontPlan, FrontQuestion } from './plan.ts';
import type { StoreThreadNotice } from './pulses.ts';
import { Restarts } from './restarts.ts';
import type { StoreBirth, StoreFigures, StoreLimits } from './store-body.ts';
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
  /** By the front that is next. Rejects with `LineClosed` if that dies: then the message may be accepted. */
  submit(message: LocalMessage): Promise<LocalAnswer>;
  /** Tells the fronts where the self-test comes from; undefined: it is over. */
  selfTestFrom(address: string | undefined): Promise<void>;
  storeFigures(): Promise<StoreFigures>;
  frontFigures(): Promise<readonly FrontAnswers['figures'][]>;
  /** Names of threads that died and do not run again yet. */
  missing(): readonly string[];
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
  /** A node that was taken for dead goes on in another. */
  #life: Incarnation;
  readonly #counts: CountsPlan;
  readonly #fronts: FrontThreads;
  readonly #restarts: Restarts;
  #plan: FrontPlan;
  #storeLimits: StoreLimits;
  #storeThread!: Thread;
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
    this.#life = { node: nodeOf(options.store), incarnation: newIncarnation(entropy) };
    this.store = createRemoteStore({ clock, stage: () => Promise.reject(new Error('main stages nothing')) });
    this.#counts = planCounts({
      ...{ rows: fronts, connections: plan.admission.total, key: entropy.bytes(COUNTS_KEY_OCTETS) },
    });
    this.#fronts = new FrontThreads(log);
    const isWanted = ({ kind }: Thread): boolean =>
      !this.#stopping && (this.#draining === undefined || kind !== 'front');
    this.#restarts = new Restarts(clock, log, isWanted);
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
    this.#restarts.watch(thread, async () => {
      this.lookups.disconnect();
      await this.startLookup();
      for (const front of this.#fronts.alive) crew.connect(front, this.#lookupThread);
    });
  }

  async startFronts(): Promise<void> {
    // Leases of the process before are void: it is gone, because the lock is ours.
    await this.#freeLeases(ownersOfNode(this.#life.node));
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

  missing(): readonly string[] {
    return this.#restarts.missing;
  }

  async drain(graceMs: number): Promise<void> {
    this.#listening = false;
    this.#listens = false;
    this.#draining ??= this.#fronts.drain(graceMs);
    await this.#draining;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#options.crew.stop();
  }

  async #startStore(isFirst: boolean): Promise<void> {
    const { crew, log } = this.#options;
    const birth: StoreBirth = {
      ...{ store: this.#options.store, node: this.#life, limits: this.#storeLimits, sweepStages: isFirst },
    };
    const thread = await crew.start({
      ...{ kind: 'store', name: 'store', birth, heapMiB: HEAP_MIB },
      handlers: { notice: (notice) => this.#noticed(notice as StoreThreadNotice) },
      away: (because) => log.warn({ because }, 'the store is away: waiting for it'),
    });
    this.#storeThread = thread;
    if (birth.limits !== this.#storeLimits) await askOrEnd(thread, { limits: this.#storeLimits });
    this.store.connect(thread.line);
    this.#restarts.watch(thread, async () => {
      this.store.disconnect();
      await this.#startStore(false);
      for (const front of this.#fronts.alive) crew.connect(front, this.#storeThread);
      crew.connect(this.#lookupThread, this.#storeThread);
    });
  }

  #noticed(notice: StoreThreadNotice): void {
    const { log } = this.#options;
    switch (notice.type) {
      case 'tookOver':
        for (const { node, incarnation } of notice.lives)
          log.warn({ node, incarnation }, 'a node is gone: what it had under way is due again');
        return;
      case 'lease': {
        const before = this.#life;
        this.#life = notice.life;
        this.lease.told(notice);
        if (before.incarnation !== notice.life.incarnation)
          log.warn(
            { before: before.incarnation, incarnation: notice.life.incarnation },
            'this node was away, and others took over what it had under way: it begins anew',
          );
        return;
      }
      case 'clockOff': {
        const seconds = Math.round(notice.aheadMs / 1000);
        if (notice.isOff)
          log.warn({ seconds }, 'the clock of this node is ahead of that of the store by so much');
        else log.info({}, 'the clock of this node is right again');
        return;
      }
      case 'identityChanged':
      case 'due':
      case 'unsure':
        return this.store.noticed(notice);
    }
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
    this.#restarts.watch(thread, async () => {
      emptyRow(this.#counts, number - 1);
      // The mail in its memory is in the store too: any front may claim it.
      await this.#freeLeases(ownersOfThread(this.#life, number));
      await this.#startFront(number);
    });
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
