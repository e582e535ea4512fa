// Virtual time. One heap of what is to happen; one thing happens, everything that follows from it without waiting happens, then the next.
// What belongs to a life (a thread, a process) ends with it, and waits while its machine stands still.

import type { Clock } from '../../src/platform/platform.ts';

/** Tuesday, 24 November 2026, 09:00 UTC. */
export const START = Date.UTC(2026, 10, 24, 9);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

interface Event {
  at: number;
  readonly order: number;
  readonly life: Life;
  /** Counted among the timers of its life. */
  readonly isTimer: boolean;
  /** Of a clock: how long that had stood still when it was set. It goes by that clock. */
  stoodStill: number | undefined;
  run: (() => void) | undefined;
}

/** What some lives run on, with clocks of its own. */
export class Machine {
  /** Its wall clock is ahead of the true one by so much, ms. */
  wallAhead = 0;
  /** For so long its monotonic clock has stood still, ms. */
  stoodStill = 0;
  /** Nothing happens on it. */
  isStill = false;
  readonly waiting: Event[] = [];
}

/** Whoever can die: timers, lines and sockets of a dead life are silent. */
export class Life {
  alive = true;
  /** Timers that wait. */
  timers = 0;
  readonly name: string;
  readonly machine: Machine | undefined;
  readonly #ends: (() => void)[] = [];

  constructor(name: string, machine?: Machine) {
    this.name = name;
    this.machine = machine;
  }

  onEnd(end: () => void): void {
    this.#ends.push(end);
  }

  end(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const end of this.#ends) end();
  }
}

export class VirtualTime {
  /** What is outside the server: it does not die. */
  readonly outside = new Life('outside');
  monotonic = 0;
  /** The wall clock may step; this is where it stands at `monotonic` 0. */
  wallAtZero = START;
  events = 0;
  /** Looks on after everything that happens, by whose it was. */
  watch: (life: Life) => void = () => undefined;
  readonly #heap: Event[] = [];
  #order = 0;

  get wall(): number {
    return this.wallAtZero + Math.floor(this.monotonic);
  }

  after(delayMs: number, run: () => void, life: Life = this.outside): () => void {
    return this.#add(delayMs, run, { life, isTimer: true });
  }

  /** What comes from outside: nobody there waits for it. */
  arriving(delayMs: number, run: () => void, life: Life): void {
    this.#add(delayMs, run, { life, isTimer: false });
  }

  #add(
    delayMs: number,
    run: () => void,
    { life, isTimer, stoodStill }: Pick<Event, 'life' | 'isTimer'> & { readonly stoodStill?: number },
  ): () => void {
    this.#order += 1;
    const at = this.monotonic + Math.max(0, delayMs);
    const event: Event = { at, order: this.#order, life, isTimer, stoodStill, run };
    if (isTimer) life.timers += 1;
    push(this.#heap, event);
    return () => {
      if (event.run === undefined) return;
      event.run = undefined;
      if (isTimer) life.timers -= 1;
    };
  }

  pause(delayMs: number, life?: Life): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve, life));
  }

  clockOf(life: Life): Clock {
    const { machine } = life;
    const stoodStill = (): number => machine?.stoodStill ?? 0;
    return {
      now: () => this.wall + (machine?.wallAhead ?? 0),
      monotonic: () => this.monotonic - stoodStill(),
      after: (delayMs, callback) =>
        this.#add(Math.ceil(delayMs), callback, { life, isTimer: true, stoodStill: stoodStill() }),
    };
  }

  /**
   * Nothing happens on this machine until the function that it gives is called: then all that waits does, late, in its order. `paused`: its monotonic clock stood still as
   * well, and its wall clock is set right when it wakes.
   */
  stop(machine: Machine, paused: boolean): () => void {
    const since = this.monotonic;
    machine.isStill = true;
    return () => {
      machine.isStill = false;
      if (paused) machine.stoodStill += this.monotonic - since;
      for (const event of machine.waiting.splice(0)) push(this.#heap, event);
    };
  }

  /** Lets one thing happen; false: nothing waits any more. */
  async step(): Promise<boolean> {
    for (;;) {
      const event = pop(this.#heap);
      if (event === undefined) return false;
      const { run, life } = event;
      if (run === undefined || this.#mustWait(event)) continue;
      event.run = undefined;
      if (event.isTimer) life.timers -= 1;
      if (!life.alive) continue;
      this.monotonic = Math.max(this.monotonic, event.at);
      this.events += 1;
      run();
      await everythingThatFollows();
      this.watch(life);
      return true;
    }
  }

  #mustWait(event: Event): boolean {
    const { machine } = event.life;
    if (machine === undefined) return false;
    if (machine.isStill) {
      machine.waiting.push(event);
      return true;
    }
    const late = machine.stoodStill - (event.stoodStill ?? machine.stoodStill);
    if (late <= 0) return false;
    event.at += late;
    event.stoodStill = machine.stoodStill;
    push(this.#heap, event);
    return true;
  }

  /** Until `done`, or for this long at most; false: it was not done. */
  async runUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.monotonic + limitMs;
    // What was begun just now.
    await everythingThatFollows();
    while (!done()) if (this.monotonic >= end || !(await this.step())) return done();
    return true;
  }

  async runFor(ms: number): Promise<void> {
    let over = false;
    this.after(ms, () => (over = true));
    await this.runUntil(() => over, ms + 1);
  }
}

/** The queue of microtasks is empty when the event loop comes round. */
function everythingThatFollows(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

function push(heap: Event[], event: Event): void {
  let at = heap.push(event) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(event, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

function pop(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    const [child, next] =
      right !== undefined && left !== undefined && isBefore(right, left)
        ? [right, 2 * at + 2]
        : [left, 2 * at + 1];
    if (child === undefined || isBefore(last, child)) break;
    heap[at] = child;
    at = next;
  }
  heap[at] = last;
  return first;
}
