// A database that several nodes share, and the way of each of them to it. What is asked may come late or never, and so may its answer; whoever asked gives up
// after a while, and asks again over another connection, while the first question may still be done: before the second one, or never. An engine sees to that, by a key
// that both would write.

import type { EngineWriter, WriterOptions } from '../../src/store/engine.ts';
import { type Lookups, lookupMethods } from '../../src/store/lookups.ts';
import { type MemoryStore, type MemoryWriter, openMemoryStore } from '../../src/store/memory/store.ts';
import type { Incarnation } from '../../src/store/owner.ts';
import {
  type Change,
  type Outcome,
  type Stage,
  type StoreNotice,
  StoreUnavailable,
} from '../../src/store/port.ts';
import type { Chance } from './chance.ts';
import type { Storage } from './storage.ts';
import { Life, Machine, type VirtualTime } from './time.ts';

/** Whoever has no answer gives up its connection, ms. */
const ANSWER_MS = 5_000;
/** A question that meets a slow database takes up to so long, ms. */
const SLOW_MS = 9_000;

export interface Watcher {
  committed(changes: readonly Change[], outcomes: readonly Outcome[]): void;
  pulsed(tookOver: readonly Incarnation[]): void;
}

export class Database {
  readonly machine = new Machine();
  readonly memory: MemoryStore;
  /** Some questions take long. */
  isSlow = false;
  readonly watcher: Watcher;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  #isAway = false;
  #waiting: (() => void)[] = [];

  constructor(time: VirtualTime, chance: Chance, watcher: Watcher) {
    this.#time = time;
    this.#chance = chance;
    this.watcher = watcher;
    const clock = time.clockOf(new Life('database', this.machine));
    this.memory = openMemoryStore({ clock, entropy: chance.named('store') });
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  leave(): void {
    this.#isAway = true;
  }

  /** What came meanwhile is done, if it was not lost. */
  comeBack(): void {
    this.#isAway = false;
    for (const run of this.#waiting.splice(0)) run();
  }

  ask(run: () => void): void {
    const { chance, time } = { chance: this.#chance, time: this.#time };
    const isLate = this.isSlow && chance.happens(0.2);
    time.after(isLate ? chance.between(0, SLOW_MS) : chance.between(0.1, 3), () => {
      if (!this.#isAway) run();
      else if (chance.happens(0.5)) this.#waiting.push(run);
    });
  }
}

/** Of one node. */
export class Way implements Storage {
  /** `both`: nothing gets through. `answers`: over a connection that stands still what is asked, and no new one can be made. */
  cut: 'none' | 'both' | 'answers' = 'none';
  /** What others do is not told. */
  isDeaf = false;
  readonly #database: Database;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  /** Its connections were given up during this cut. */
  #isGivenUp = false;
  /** Of what is being done for this node just now. */
  #own: StoreNotice[] | undefined;

  constructor(database: Database, time: VirtualTime, chance: Chance) {
    this.#database = database;
    this.#time = time;
    this.#chance = chance;
  }

  get isOpen(): boolean {
    return this.cut === 'none' && !this.#database.isAway;
  }

  gatheringMs(): number {
    return 0.05;
  }

  space(): undefined {
    return undefined;
  }

  writer(options: WriterOptions, life: Life): EngineWriter {
    const writer = this.#database.memory.beside({
      ...options,
      onNotice: (notice) => this.#notified(options, life, notice),
    });
    return {
      ...writer,
      laneOf: (changes) => (changes.some(({ type }) => slow.has(type)) ? 1 : 0),
      apply: (changes) => this.#group(options, life, writer, changes),
      pulse: async (own, isFirst) => {
        const answer = await this.#answered(options, life, () => {
          const given = writer.pulse(own, isFirst);
          this.#database.watcher.pulsed(given.type === 'alive' ? given.tookOver : []);
          return given;
        });
        if (answer === undefined) throw new StoreUnavailable('the simulated database does not answer');
        return answer;
      },
    };
  }

  lookups(life: Life): Lookups {
    const { lookups } = this.#database.memory;
    type Method = (...asked: readonly unknown[]) => Promise<unknown>;
    const over = (name: keyof Lookups): readonly [string, Method] => [
      name,
      async (...asked) => {
        await this.#reach(life);
        return (lookups[name] as Method)(...asked);
      },
    ];
    return Object.fromEntries([...lookupMethods, 'content' as const].map(over)) as unknown as Lookups;
  }

  async stage(id: string, life: Life): Promise<Stage> {
    const stage = await this.#database.memory.store.stage(id);
    return {
      append: async (...pieces) => {
        await this.#reach(life);
        await this.#time.pause(0.2, life);
        await stage.append(...pieces);
      },
      finish: async () => {
        await this.#time.pause(1, life);
        await this.#reach(life);
        await stage.finish();
      },
      discard: () => stage.discard(),
    };
  }

  /** Until it is known what became of it. */
  async #group(
    options: WriterOptions,
    life: Life,
    writer: MemoryWriter,
    changes: readonly Change[],
  ): Promise<readonly Outcome[]> {
    let lastDone = 0;
    for (let time = 1; ; time += 1) {
      const asked = time === 1 ? changes : changes.map((change) => again(change));
      const outcomes = await this.#answered(options, life, () => {
        if (time < lastDone) return [];
        lastDone = time;
        const done = writer.apply(asked);
        this.#database.watcher.committed(asked, done);
        return done;
      });
      if (outcomes !== undefined) return outcomes;
      while (!this.isOpen) await this.#time.pause(this.#chance.between(100, 500), life);
    }
  }

  /** Undefined: there is no answer, and the connection is given up. */
  #answered<T>(options: WriterOptions, life: Life, work: () => T): Promise<T | undefined> {
    const clock = this.#time.clockOf(life);
    return new Promise((resolve) => {
      const cancel = clock.after(ANSWER_MS, () => {
        this.#isGivenUp = this.cut !== 'none';
        resolve(undefined);
      });
      if (this.cut === 'none') this.#isGivenUp = false;
      if (this.cut === 'both' || this.#isGivenUp) return;
      this.#database.ask(() => {
        const { done, notices } = this.#noticing(work);
        this.#arrive(life, this.#chance.between(0.1, 1), () => {
          cancel();
          for (const notice of notices) options.onNotice(notice);
          resolve(done);
        });
      });
    });
  }

  #noticing<T>(work: () => T): { readonly done: T; readonly notices: readonly StoreNotice[] } {
    const notices: StoreNotice[] = [];
    this.#own = notices;
    const done = work();
    this.#own = undefined;
    return { done, notices };
  }

  /** What the node itself does comes with its answer; of others it is notified, if it is. */
  #notified(options: WriterOptions, life: Life, notice: StoreNotice): void {
    if (this.#own !== undefined) return void this.#own.push(notice);
    if (!this.isDeaf) this.#arrive(life, this.#chance.between(1, 30), () => options.onNotice(notice));
  }

  #arrive(life: Life, ms: number, run: () => void): void {
    if (!this.isOpen) return;
    this.#time.arriving(ms, () => (this.isOpen ? run() : undefined), life);
  }

  async #reach(life: Life): Promise<void> {
    if (this.isOpen) return;
    await this.#time.pause(this.#chance.between(10, ANSWER_MS), life);
    if (!this.isOpen) throw new StoreUnavailable('the simulated database is not reached');
  }
}

/** What must not hold up a 250. */
const slow: ReadonlySet<Change['type']> = new Set([
  ...(['claim', 'free', 'dueNotices', 'report', 'queue', 'identity'] as const),
]);

function again(change: Change): Change {
  return change.type === 'accept' || change.type === 'settle' ? { ...change, again: true } : change;
}
