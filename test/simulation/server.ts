// The simulated server: src/server/server.ts over threads and a disk that are virtual. The process, and each of its threads, may be killed at any moment.

import { createLog } from '../../src/observe/log.ts';
import { createServer } from '../../src/server/server.ts';
import { createSteps, type Steps } from '../../src/server/steps.ts';
import type { Supervisor } from '../../src/server/supervisor.ts';
import type { ThreadKind } from '../../src/server/thread.ts';
import type { EngineChoice } from '../../src/store/engine-choice.ts';
import type { MemoryStore } from '../../src/store/memory/store.ts';
import type { Store } from '../../src/store/port.ts';
import type { Chance } from './chance.ts';
import { VirtualCrew } from './crew.ts';
import type { SimulatedFront } from './front.ts';
import type { NextHops } from './next-hop.ts';
import type { Settings } from './settings.ts';
import type { Storage } from './storage.ts';
import { Life, type Machine, SECOND } from './time.ts';

/** One run of the process. */
interface Run {
  readonly main: Life;
  readonly crew: VirtualCrew;
  readonly steps: Steps;
  /** As soon as its threads run. */
  supervisor: Supervisor | undefined;
  isReady: boolean;
  stopping: boolean;
  graceMs: number;
  /** Threads that died. */
  deaths: number;
  /** A front said that it could not drain. */
  isUndrained: boolean;
  /** Called when its threads are drained, before they end. */
  ending: () => Promise<void>;
}

export interface ServerWorld {
  readonly hops: NextHops;
  readonly chance: Chance;
  readonly settings: Settings;
  readonly frontCount: number;
  readonly memory: MemoryStore;
  readonly storage: Storage;
  /** Says which store it is, and for which node; it is opened as `storage`. */
  readonly engine: EngineChoice;
  readonly machine?: Machine;
}

export class Server {
  /** A thread takes so much longer to come back, ms. */
  restartMs = 0;
  /** Times by the virtual clock. */
  readonly killed = new Map<Life, number>();
  run: Run | undefined;
  readonly #world: ServerWorld;
  readonly #born = new Map<Life, SimulatedFront>();
  #settings: Settings;
  #runs = 0;
  #storeAwayMs = 0;

  constructor(world: ServerWorld) {
    this.#world = world;
    this.#settings = world.settings;
  }

  get memory(): MemoryStore {
    return this.#world.memory;
  }

  /** Every front that ever lived, for what is said of them at the end. */
  get everyFront(): readonly SimulatedFront[] {
    return [...this.#born.values()];
  }

  frontOf(life: Life): SimulatedFront | undefined {
    return life.alive ? this.#born.get(life) : undefined;
  }

  /** Of the fronts that live. */
  fronts(): readonly SimulatedFront[] {
    return this.run?.crew.fronts() ?? [];
  }

  /** Undefined: nobody takes commands. */
  operated(): { readonly store: Store; readonly main: Life } | undefined {
    const { run } = this;
    const store = run?.supervisor?.store;
    return run === undefined || store === undefined ? undefined : { store, main: run.main };
  }

  /** True: every thread runs. */
  get isWhole(): boolean {
    const { run } = this;
    return (
      run?.supervisor?.restarts.missing.length === 0 &&
      run.crew.alive('store').length + run.crew.alive('lookup').length === 2 &&
      run.crew.fronts().filter(({ listens }) => listens).length === this.#world.frontCount
    );
  }

  /** A front that takes connections now, if any does. */
  listening(): SimulatedFront | undefined {
    const fronts = this.fronts().filter(({ listens }) => listens);
    return fronts.length === 0 ? undefined : this.#world.chance.pick(fronts);
  }

  /** Rejects if the start fails; then nothing runs. */
  async start(): Promise<void> {
    const run = this.#newRun();
    this.run = run;
    const { main, crew, steps } = run;
    const { hops, chance, engine, frontCount: fronts } = this.#world;
    const { time } = hops;
    const { loaded, front, store } = this.#settings;
    try {
      await createServer(
        {
          ...{ store: engine, storeLimits: store, fronts },
          inForce: {
            ...{ loaded, plan: front },
            lookAtFiles: async () => undefined,
            renewTicketKeys: async () => undefined,
          },
          graceMs: () => run.graceMs,
          started: () => startEvent(time.wall),
        },
        {
          ...{ clock: time.clockOf(main), entropy: chance.named(main.name), crew },
          log: createLog('info', { write: (line) => this.#logged(run, line) }),
          descriptors: { limit: () => undefined, open: () => undefined },
          writeLog: (lines) => this.#logged(run, lines),
          openDoors: async (supervisor) => void (run.supervisor = supervisor),
        },
        steps,
      );
      run.isReady = true;
    } catch (error) {
      hops.ledger.note(`${main.name} does not start: ${String(error)}`);
      const endsAt = time.monotonic + run.graceMs;
      run.ending = () => this.#checkDrained(run, endsAt);
      await steps.undo();
      this.#end(run);
      throw error;
    }
  }

  /** kill -9: everything that was not on disk is gone, and so are the leases' holders. */
  crash(): void {
    const { run } = this;
    if (run === undefined) return;
    this.run = undefined;
    for (const kind of kinds) for (const life of run.crew.alive(kind)) life.end();
    run.main.end();
  }

  /** SIGTERM. What is not done at the end of `graceMs` is left to the next run. `look` sees the threads when they are drained, before they end. */
  async stop(graceMs: number, look: () => Promise<void> = async () => undefined): Promise<void> {
    const { run } = this;
    if (run === undefined || run.stopping) return;
    // Until it is ready nobody takes the signal.
    if (!run.isReady) return this.crash();
    run.stopping = true;
    run.graceMs = graceMs;
    const endsAt = this.#world.hops.time.monotonic + graceMs;
    run.ending = async () => {
      await this.#checkDrained(run, endsAt);
      await look();
    };
    await Promise.race([run.steps.undo(), ended(run.main)]);
    if (this.run === run) this.#end(run);
  }

  /** Everybody hears of it, whoever is just being born. */
  async reload(change: (settings: Settings) => Settings = (same) => same): Promise<void> {
    this.#settings = change(this.#settings);
    const { run } = this;
    const { front, store } = this.#settings;
    if (run === undefined || run.stopping) return;
    await Promise.race([ended(run.main), run.supervisor?.reload(front, store)]);
  }

  /** `awayMs`: how much later it comes back. */
  killStore(awayMs: number): void {
    if (this.run?.stopping !== false || !this.#killOne('store')) return;
    this.#storeAwayMs = awayMs;
  }

  killLookup(): void {
    this.#killOne('lookup');
  }

  killFront(): void {
    this.#killOne('front');
  }

  #killOne(kind: ThreadKind): boolean {
    const [life] = this.run?.crew.alive(kind) ?? [];
    life?.end();
    return life !== undefined;
  }

  #newRun(): Run {
    this.#runs += 1;
    const { hops, chance, storage, machine, engine } = this.#world;
    const { ledger, time } = hops;
    const node = engine.engine === 'postgres' ? `${engine.node}/` : '';
    const main = new Life(`${node}main${this.#runs}/`, machine);
    const steps = createSteps({
      entering: () => undefined,
      stuck: (name, error) => ledger.note(`${main.name}: ${name} could not be stopped: ${String(error)}`),
    });
    const crew = new VirtualCrew({
      ...{ hops, storage, main },
      chance: chance.named(`crew of ${main.name}`),
      delayMs: (kind) => this.#delayMs(kind),
      born: (front) => void this.#born.set(front.life, front),
      died: (life) => {
        run.deaths += 1;
        ledger.note(`${life.name} dies`);
        this.killed.set(life, time.monotonic);
      },
      ending: () => run.ending(),
    });
    const run: Run = {
      ...{ main, crew, steps, supervisor: undefined, deaths: 0, graceMs: START_GRACE_MS },
      ...{ isReady: false, stopping: false, isUndrained: false, ending: async () => undefined },
    };
    return run;
  }

  #delayMs(kind: ThreadKind): number {
    const awayMs = kind === 'store' ? this.#storeAwayMs : 0;
    if (kind === 'store') this.#storeAwayMs = 0;
    return this.restartMs + awayMs;
  }

  #logged(run: Run, lines: string): void {
    if (lines.includes('a front did not drain')) run.isUndrained = true;
    for (const line of lines.trimEnd().split('\n')) this.#world.hops.ledger.note(`${run.main.name}: ${line}`);
  }

  /** The fronts have finished what was under way and given back the rest, or it was too late for that: then they end as by a kill. */
  async #checkDrained(run: Run, endsAt: number): Promise<void> {
    const { ledger, time } = this.#world.hops;
    const isLate = time.monotonic >= endsAt;
    const fronts = run.crew.fronts();
    let drained = true;
    for (const { life, parts } of fronts) {
      const left = parts.relay.stats.underWay + parts.connections.size + parts.memory.used;
      if (left > 0 && !isLate)
        ledger.breach(`${life.name} ended its drain before its time, with ${left} under way`);
      if (left > 0) drained = false;
      if (left > 0 || isLate) this.killed.set(life, time.monotonic);
    }
    // A start that is interrupted has not freed yet what the run before it held; and other nodes hold what is theirs.
    if (fronts.length === 0 || this.#world.machine !== undefined) return;
    if (!drained || run.isUndrained) return ledger.note('some fronts were not drained in time');
    for (const { active, delivery } of await this.memory.lookups.queue({}, { max: 10_000 }))
      if (active && run.deaths === 0) ledger.breach(`${delivery.messageId} is leased, and nobody is there`);
  }

  /** The last of a process. */
  #end(run: Run): void {
    for (const kind of kinds) for (const life of run.crew.alive(kind)) life.end();
    run.main.end();
    if (this.run === run) this.run = undefined;
  }
}

const kinds = ['front', 'lookup', 'store'] as const;

/** For what is under way when a start fails. */
const START_GRACE_MS = 10 * SECOND;

function ended(life: Life): Promise<void> {
  return new Promise((resolve) => (life.alive ? life.onEnd(resolve) : resolve()));
}

function startEvent(time: number) {
  return { type: 'started', time, payload: { by: 'test', action: 'start', detail: {} } } as const;
}
