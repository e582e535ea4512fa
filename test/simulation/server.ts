// The simulated server: main, the store thread over the memory store, the desk, the fronts; started, watched and replaced as
// src/server/supervisor.ts does it. Any of them may be killed at any moment, or all at once.

import { createAuthenticator } from '../../src/identity/authenticator.ts';
import { type CountsPlan, emptyRow, planCounts } from '../../src/server/counts.ts';
import type { Line } from '../../src/platform/line.ts';
import type { Evidence } from '../../src/protocol/sasl/mechanism.ts';
import type { Change, Outcome, Stage, StoreNotice } from '../../src/store/port.ts';
import { openMemoryStore, type MemoryStore } from '../../src/store/memory/store.ts';
import { changesOf, type CommitQuestion } from '../../src/store/packing.ts';
import { lookupAnswerer } from '../../src/store/remote-lookups.ts';
import { createRemoteStore, type RemoteStore } from '../../src/store/remote.ts';
import type { Chance } from './chance.ts';
import { createSimulatedFront, type FrontSettings, type SimulatedFront } from './front.ts';
import { type SimulatedLine, simulatedLine } from './line.ts';
import type { NextHops } from './next-hop.ts';
import { Life } from './time.ts';

const RESTART_MS = 200;
const ARGON2_MS = 25;

/** The disk, and delays of the system. */
export interface Weather {
  full: string | undefined;
  queuedMessagesMax?: number | undefined;
  /** A transaction with its sync takes up to this long, ms. */
  commitMs: number;
  /** A thread that died takes so much longer to come back, ms. */
  restartMs: number;
}

/** One run of the process. */
interface Run {
  readonly main: Life;
  readonly store: RemoteStore;
  storeThread: Life;
  storeLines: SimulatedLine[];
  desk: Life;
  readonly fronts: Map<number, SimulatedFront>;
  readonly counts: CountsPlan;
  deaths: number;
  stopping: boolean;
}

export class Server {
  readonly memory: MemoryStore;
  readonly weather: Weather = { full: undefined, commitMs: 3, restartMs: 0 };
  /** Every front that ever lived, for what is said of them at the end. */
  readonly everyFront: SimulatedFront[] = [];
  /** Times by the virtual clock. */
  readonly killed = new Map<Life, number>();
  run: Run | undefined;
  readonly #hops: NextHops;
  readonly #chance: Chance;
  readonly #settings: FrontSettings;
  readonly #frontCount: number;
  #lives = 0;
  #unsubscribe = (): void => undefined;

  constructor(hops: NextHops, chance: Chance, settings: FrontSettings, frontCount: number) {
    this.#hops = hops;
    this.#chance = chance;
    this.#settings = settings;
    this.#frontCount = frontCount;
    const { time } = hops;
    this.memory = openMemoryStore({
      clock: time.clockOf(time.outside),
      entropy: chance.named('store'),
      fullBecause: () => this.weather.full,
      queuedMessagesMax: () => this.weather.queuedMessagesMax,
      schedule: {
        soon: (go) => void time.after(chance.between(0.2, this.weather.commitMs), go),
        later: (ms, go) => void time.after(ms, go),
      },
    });
  }

  /** True: every thread runs. */
  get isWhole(): boolean {
    const { run } = this;
    return (
      run !== undefined && run.storeThread.alive && run.desk.alive && run.fronts.size === this.#frontCount
    );
  }

  /** A front that takes connections now, if any does. */
  listening(): SimulatedFront | undefined {
    const { run } = this;
    if (run === undefined || run.stopping || run.fronts.size === 0) return undefined;
    return this.#chance.pick([...run.fronts.values()]);
  }

  async start(): Promise<void> {
    const { time } = this.#hops;
    const main = this.#life('main');
    const store = createRemoteStore({
      clock: time.clockOf(main),
      stage: () => Promise.reject(new Error('main stages nothing')),
    });
    const run: Run = {
      ...{ main, store, storeThread: main, storeLines: [], desk: main, fronts: new Map() },
      ...{ deaths: 0, stopping: false },
      counts: planCounts({
        rows: this.#frontCount,
        connections: 1000,
        key: this.#chance.named('counts').bytes(16),
      }),
    };
    this.run = run;
    this.#startStore(run);
    this.#startDesk(run);
    await store.commit([{ type: 'free', ownerPrefix: '', dueAt: time.wall }]);
    for (let number = 1; number <= this.#frontCount; number += 1) this.#startFront(run, number);
  }

  /** kill -9: everything that was not on disk is gone, and so are the leases' holders. */
  crash(): void {
    const { run } = this;
    if (run === undefined) return;
    this.run = undefined;
    for (const front of run.fronts.values()) this.#kill(front.life);
    for (const life of [run.desk, run.storeThread, run.main]) this.#kill(life);
    this.memory.crash();
  }

  /** SIGTERM. What is not done at the end of `graceMs` is left to the next run. */
  async stop(graceMs: number): Promise<void> {
    const { run } = this;
    if (run === undefined || run.stopping) return;
    const { time } = this.#hops;
    const begun = time.monotonic;
    await this.drain(graceMs);
    if (this.run !== run) return;
    this.run = undefined;
    // A front that was not done in time is ended as by a kill.
    const isLate = time.monotonic - begun >= graceMs;
    for (const { life, relay, connections } of run.fronts.values()) {
      if (isLate || relay.stats.underWay + connections.size > 0) this.#kill(life);
      else life.end();
    }
    for (const life of [run.desk, run.storeThread, run.main]) life.end();
    this.memory.crash();
  }

  /** The last of a process that was drained. */
  end(): void {
    const { run } = this;
    this.run = undefined;
    for (const { life } of run?.fronts.values() ?? []) life.end();
    if (run !== undefined) for (const life of [run.desk, run.storeThread, run.main]) life.end();
    this.memory.crash();
  }

  /** The fronts take nothing new, finish what is under way and give back the rest. */
  async drain(graceMs: number): Promise<void> {
    const { run } = this;
    const { ledger, time } = this.#hops;
    if (run === undefined) return;
    run.stopping = true;
    const endsAt = time.monotonic + graceMs;
    const fronts = [...run.fronts.values()];
    const drained = await Promise.all(
      fronts.map(
        (front) =>
          new Promise<boolean>((resolve) => {
            front.life.onEnd(() => resolve(false));
            front.drain(graceMs).then(
              () => {
                const left = front.relay.stats.underWay + front.connections.size + front.memory.used;
                if (left > 0 && time.monotonic < endsAt)
                  ledger.breach(`${front.life.name} ended its drain before its time, with ${left} under way`);
                resolve(left === 0);
              },
              () => resolve(false),
            );
          }),
      ),
    );
    // A start that is interrupted has not freed yet what the run before it held.
    if (fronts.length === 0) return;
    if (!drained.every(Boolean)) return ledger.note('some fronts were not drained in time');
    const entries = await this.memory.lookups.queue({}, { max: 10_000 });
    for (const { active, delivery } of entries)
      if (active && run.deaths === 0) ledger.breach(`${delivery.messageId} is leased, and nobody is there`);
  }

  killStore(awayMs: number): void {
    const { run } = this;
    if (run === undefined || !run.storeThread.alive) return;
    this.#kill(run.storeThread);
    // Stages belong to the fronts, and stay.
    this.memory.crash({ sweepStages: false });
    const start = (): void => {
      this.#startStore(run);
      for (const front of run.fronts.values()) this.#connectStore(run, front);
    };
    this.#again(run, start, awayMs);
  }

  killDesk(): void {
    const { run } = this;
    if (run === undefined || !run.desk.alive) return;
    this.#kill(run.desk);
    this.#again(run, () => {
      this.#startDesk(run);
      for (const front of run.fronts.values()) this.#connectDesk(run, front);
    });
  }

  killFront(): void {
    const { run } = this;
    const number = run === undefined ? undefined : [...run.fronts.keys()][0];
    const front = run?.fronts.get(number ?? 0);
    if (run === undefined || number === undefined || front === undefined) return;
    this.#kill(front.life);
    run.fronts.delete(number);
    const { time } = this.#hops;
    this.#again(run, () => {
      // Until the store answers, as the supervisor does it.
      const free = (): void => {
        const change = { type: 'free', ownerPrefix: front.life.name, dueAt: time.wall } as const;
        run.store.commit([change]).then(
          () => this.#startFront(run, number),
          () => void time.after(RESTART_MS, free, run.main),
        );
      };
      free();
    });
  }

  #life(name: string): Life {
    this.#lives += 1;
    return new Life(`${name}${this.#lives}/`);
  }

  #kill(life: Life): void {
    this.#hops.ledger.note(`${life.name} dies`);
    this.killed.set(life, this.#hops.time.monotonic);
    life.end();
  }

  #again(run: Run, start: () => void, awayMs = 0): void {
    run.deaths += 1;
    const delay = RESTART_MS * 2 ** Math.min(run.deaths - 1, 4) + this.weather.restartMs + awayMs;
    this.#hops.time.after(delay, () => (run.stopping ? undefined : start()), run.main);
  }

  #startStore(run: Run): void {
    run.storeThread = this.#life('store');
    run.storeLines = [];
    this.#unsubscribe();
    this.#unsubscribe = this.memory.store.subscribe((notice) => {
      for (const line of run.storeLines) line.tell(notice);
    });
    run.store.connect(this.#storeLine(run, run.main, (notice) => run.store.noticed(notice as StoreNotice)));
  }

  #storeLine(run: Run, asker: Life, notice: (notice: unknown) => void): Line {
    const line = simulatedLine({
      ...{ time: this.#hops.time, chance: this.#chance, asker, answerer: run.storeThread, notice },
      answer: (question) => this.#commit(changesOf(question as CommitQuestion)),
    });
    run.storeLines.push(line);
    return line.line;
  }

  async #commit(changes: readonly Change[]): Promise<readonly Outcome[]> {
    const outcomes = (await this.memory.store.commit(changes)) as readonly Outcome[];
    this.#hops.ledger.committed(changes, outcomes);
    return outcomes;
  }

  #startDesk(run: Run): void {
    run.desk = this.#life('desk');
  }

  #connectStore(run: Run, front: SimulatedFront): void {
    front.connectStore(this.#storeLine(run, front.life, (notice) => front.noticed(notice)));
    this.#hops.ledger.linked(front.life);
  }

  #connectDesk(run: Run, front: SimulatedFront): void {
    const { time } = this.#hops;
    const answerer = lookupAnswerer(this.memory.lookups);
    const authenticator = createAuthenticator({
      lookups: this.memory.lookups,
      clock: time.clockOf(run.desk),
      entropy: this.#chance.named('desk'),
      settings: { domains: () => this.#settings.submission.domains, isShared: () => false },
      note: () => undefined,
      // Argon2 takes real time in a thread of its own: no seed would play the same way twice. Nobody has a password of the kind here.
      verify: async () => {
        await time.pause(ARGON2_MS, run.desk);
        return false;
      },
    });
    const { line } = simulatedLine({
      ...{ time, chance: this.#chance, asker: front.life, answerer: run.desk },
      async answer(question) {
        if (answerer.isLookup(question)) return answerer.answer(question);
        const asked = question as {
          readonly authenticate: Evidence;
          readonly from: { readonly address: string; readonly sessionId: string };
        };
        return authenticator.authenticate(asked.authenticate, asked.from);
      },
    });
    front.connectDesk(line);
  }

  #startFront(run: Run, number: number): void {
    if (run.stopping) return;
    emptyRow(run.counts, number - 1);
    const life = this.#life(`front${number}.`);
    const front = createSimulatedFront({
      ...{ hops: this.#hops, life, settings: this.#settings, counts: run.counts, row: number - 1 },
      chance: this.#chance.named(life.name),
      stage: (id) => this.#stage(id, life),
      log: (text) => this.#hops.ledger.note(text),
    });
    this.everyFront.push(front);
    this.#connectStore(run, front);
    this.#connectDesk(run, front);
    run.fronts.set(number, front);
  }

  /** A body on a disk that may be full. */
  async #stage(id: string, life: Life): Promise<Stage> {
    const stage = await this.memory.store.stage(id);
    const writable = (): void => {
      if (this.weather.full !== undefined) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    };
    return {
      append: async (...pieces) => {
        writable();
        await this.#hops.time.pause(0.2, life);
        await stage.append(...pieces);
      },
      finish: async () => {
        writable();
        await this.#hops.time.pause(this.weather.commitMs, life);
        await stage.finish();
      },
      discard: () => stage.discard(),
    };
  }
}
