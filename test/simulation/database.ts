// A database that several nodes share: who asks it what, when it does it, and how it is away. The way of a node to it is `way.ts`.

import { type MemoryStore, openMemoryStore } from '../../src/store/memory/store.ts';
import type { Incarnation } from '../../src/store/owner.ts';
import type { Change, Outcome } from '../../src/store/port.ts';
import type { Chance } from './chance.ts';
import { Life, Machine, type VirtualTime } from './time.ts';

/** A question that meets a slow database takes up to so long, ms. */
const SLOW_MS = 9_000;
/** Until whoever is connected hears that it went down, ms. */
const DOWN_MS = 100;

export interface Watcher {
  committed(changes: readonly Change[], outcomes: readonly Outcome[]): void;
  pulsed(tookOver: readonly Incarnation[]): void;
}

/** How it is away. `still`: it says nothing, and does later what was asked. `down`: connections to it break, and with them goes what was asked. */
export type Away = 'still' | 'down';

/** `isCommand`: none of those that somebody waits for. */
export interface Question {
  readonly session: Session;
  readonly isCommand: boolean;
}

/** All connections of one writer: they are lost together. */
export interface Session {
  /** The node has given it up, or heard that it is lost. */
  isLost: boolean;
  /** Nothing that was asked over it is done any more. */
  isEnded: boolean;
  /** It hears that it is lost. */
  lose(because: string): void;
}

export class Database {
  readonly machine = new Machine();
  readonly memory: MemoryStore;
  /** Some questions take long. */
  isSlow = false;
  /** Many commands wait for others to be done. */
  isLocked = false;
  readonly watcher: Watcher;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #sessions = new Set<Session>();
  #away: Away | undefined;
  #waiting: (() => void)[] = [];

  constructor(time: VirtualTime, chance: Chance, watcher: Watcher) {
    this.#time = time;
    this.#chance = chance;
    this.watcher = watcher;
    const clock = time.clockOf(new Life('database', this.machine));
    this.memory = openMemoryStore({ clock, entropy: chance.named('store') });
  }

  get away(): Away | undefined {
    return this.#away;
  }

  leave(how: Away): void {
    this.#away = how;
    if (how === 'still') return;
    this.#waiting = [];
    for (const session of this.#sessions) {
      session.isEnded = true;
      this.#time.after(this.#chance.between(0, DOWN_MS), () => session.lose('it went down'));
    }
    this.#sessions.clear();
  }

  /** What came while it stood still is done, in whichever order. */
  comeBack(): void {
    this.#away = undefined;
    for (const run of this.#waiting.splice(0)) this.#time.after(this.#chance.between(0, SLOW_MS), run);
  }

  opened(session: Session): void {
    this.#sessions.add(session);
  }

  closed(session: Session): void {
    this.#sessions.delete(session);
  }

  /** It has ended with what it was doing: what it has not done by now it does no more. */
  end(session: Session): void {
    session.isEnded = true;
    this.#sessions.delete(session);
  }

  /** `run` is what it does, and hears when that was begun: it may take long until it is seen by others. */
  ask({ session, isCommand }: Question, run: (begunMsAgo: number) => void): void {
    const { chance, time } = { chance: this.#chance, time: this.#time };
    const isLate =
      (this.isSlow && chance.happens(0.2)) || (this.isLocked && isCommand && chance.happens(0.5));
    const tookMs = isLate ? chance.between(0, SLOW_MS) : chance.between(0.1, 3);
    const doIt = (): void => (session.isEnded ? undefined : run(tookMs));
    time.after(tookMs, () => {
      if (this.#away === undefined) doIt();
      else if (this.#away === 'still') this.#waiting.push(doIt);
    });
  }
}
