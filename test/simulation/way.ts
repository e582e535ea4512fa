// The way of one node to the database that it shares with others. What is asked may come late, and so may its answer. As on PostgreSQL (src/store/postgres): whoever
// has no answer in time gives up all connections of its writer, which ends the thread; the next one connects anew, and everything is asked again. What was asked
// over the connections before may still be on its way then; it comes to nothing, because they are ended before the new ones are used.

import type { EngineWriter, WriterOptions } from '../../src/store/engine.ts';
import { StoreAway } from '../../src/store/engine-errors.ts';
import { type Lookups, lookupMethods } from '../../src/store/lookups.ts';
import type { MemoryWriter } from '../../src/store/memory/store.ts';
import { type Change, type Stage, type StoreNotice, StoreUnavailable } from '../../src/store/port.ts';
import type { Chance } from './chance.ts';
import type { Database, Session } from './database.ts';
import type { Storage } from './storage.ts';
import type { Life, VirtualTime } from './time.ts';

/** Whoever has no answer gives up its connections, ms. */
const ANSWER_MS = 5_000;
/** What was held back by a cut is sent again after up to so long, ms: the pauses between two tries of TCP double. */
const SENT_AGAIN_MS = 6_000;

export type Cut = 'none' | 'both' | 'answers';

interface Asking {
  readonly options: WriterOptions;
  readonly life: Life;
  readonly session: Session;
}

export class Way implements Storage {
  readonly #database: Database;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #memory: Required<Pick<MemoryWriter, 'pulse' | 'end'>> & MemoryWriter;
  #cut: Cut = 'none';
  /** What goes on when nothing is cut any more. */
  #held: (() => void)[] = [];
  /** The last that was opened. */
  #asking: Asking | undefined;
  /** Of what is being done for this node just now. */
  #own: StoreNotice[] | undefined;
  #askedMsAgo = 0;

  constructor(name: string, database: Database, time: VirtualTime, chance: Chance) {
    this.#database = database;
    this.#time = time;
    this.#chance = chance;
    this.#memory = database.memory.beside({
      place: { host: name, lock: name },
      queuedMessagesMax: () => this.#asking?.options.queuedMessagesMax?.(),
      strangersMessagesMax: () => this.#asking?.options.strangersMessagesMax?.(),
      // Of what others do only the pulses tell.
      onNotice: (notice) => void this.#own?.push(notice),
      datedMsAgo: () => this.#askedMsAgo,
    });
  }

  /** `both`: nothing gets through. `answers`: what is asked does, but no new connection can be made. */
  get cut(): Cut {
    return this.#cut;
  }

  set cut(cut) {
    this.#cut = cut;
    if (cut !== 'none') return;
    for (const run of this.#held.splice(0))
      this.#time.after(this.#chance.between(0, SENT_AGAIN_MS), () => this.#through(run));
  }

  get isOpen(): boolean {
    return this.cut === 'none' && this.#database.away === undefined;
  }

  gatheringMs(): number {
    return 0.05;
  }

  space(): undefined {
    return undefined;
  }

  async writer(options: WriterOptions, life: Life): Promise<EngineWriter> {
    const session = await this.#connect(options, life);
    const asking = { options, life, session };
    this.#asking = asking;
    return {
      ...this.#memory,
      laneOf: (changes) => (changes.every(({ type }) => flowing.has(type)) ? 0 : 1),
      apply: (changes, lane) =>
        this.#answered(asking, lane === 0, () => {
          const outcomes = this.#memory.apply(changes);
          this.#database.watcher.committed(changes, outcomes);
          return outcomes;
        }),
      pulse: (own, isFirst) =>
        this.#answered(asking, true, () => {
          const given = this.#memory.pulse(own, isFirst);
          this.#database.watcher.pulsed(given.type === 'alive' ? given.tookOver : []);
          return given;
        }),
      end: (own) => this.#answered(asking, true, () => this.#memory.end(own)),
    };
  }

  /** Rejects with `StoreAway`. */
  async #connect(options: WriterOptions, life: Life): Promise<Session> {
    await this.#time.pause(this.#chance.between(0.5, 5), life);
    if (!this.isOpen) {
      const isRefused = this.cut === 'none' && this.#database.away === 'down';
      if (!isRefused) await this.#time.pause(this.#chance.between(10, ANSWER_MS), life);
      throw new StoreAway('the simulated database is not reached');
    }
    const before = this.#asking?.session;
    if (before !== undefined) this.#database.end(before);
    const session: Session = {
      ...{ isLost: false, isEnded: false },
      lose: (because) =>
        this.#through(() => this.#time.arriving(0, () => this.#lost(session, options, because), life)),
    };
    this.#database.opened(session);
    life.onEnd(() => {
      session.isLost = true;
      this.#database.closed(session);
    });
    return session;
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

  /** Fulfilled with the answer, if there is one before the session is lost. */
  #answered<T>(asking: Asking, isHasty: boolean, work: () => T): Promise<T> {
    const { options, life, session } = asking;
    return new Promise((resolve) => {
      if (session.isLost) return;
      const cancel = isHasty
        ? this.#time
            .clockOf(life)
            .after(ANSWER_MS, () => this.#lost(session, options, `no answer within ${ANSWER_MS} ms`))
        : () => undefined;
      const answer = (done: T, notices: readonly StoreNotice[]): void => {
        cancel();
        for (const notice of notices) options.onNotice(notice);
        resolve(done);
      };
      const send = (): void =>
        this.#database.ask({ session, isCommand: !isHasty }, (askedMsAgo) => {
          this.#askedMsAgo = askedMsAgo;
          const { done, notices } = this.#noticing(work);
          this.#arrive(asking, this.#chance.between(0.1, 1), () => answer(done, notices));
        });
      if (this.cut === 'both') this.#held.push(send);
      else send();
    });
  }

  /** Only another thread can know what is kept: as a thread's own end does, it does not come back. */
  #lost(session: Session, { failed }: WriterOptions, because: string): void {
    if (session.isLost) return;
    session.isLost = true;
    this.#database.closed(session);
    try {
      failed(new Error(`the connection to the simulated database is lost: ${because}`));
    } catch {
      // It has ended.
    }
  }

  #noticing<T>(work: () => T): { readonly done: T; readonly notices: readonly StoreNotice[] } {
    const notices: StoreNotice[] = [];
    this.#own = notices;
    const done = work();
    this.#own = undefined;
    return { done, notices };
  }

  #arrive({ life, session }: Asking, ms: number, run: () => void): void {
    const arrive = (): void => {
      if (!session.isLost)
        this.#time.arriving(ms, () => this.#through(() => (session.isLost ? undefined : run())), life);
    };
    this.#through(arrive);
  }

  #through(run: () => void): void {
    if (this.cut === 'none') run();
    else this.#held.push(run);
  }

  async #reach(life: Life): Promise<void> {
    if (this.isOpen) return;
    await this.#time.pause(this.#chance.between(10, ANSWER_MS), life);
    if (!this.isOpen) throw new StoreUnavailable('the simulated database is not reached');
  }
}

/** As on PostgreSQL: what somebody waits for goes apart from all else, which may take long. */
const flowing: ReadonlySet<Change['type']> = new Set(['accept', 'settle', 'record']);
