// Virtual time. One heap of what is to happen; one thing happens, everything that follows from it without waiting happens, then the next.
// What belongs to a life (a thread, a process) ends with it.

import type { Clock } from '../../src/platform/platform.ts';

/** Tuesday, 24 November 2026, 09:00 UTC. */
export const START = Date.UTC(2026, 10, 24, 9);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

interface Event {
  readonly at: number;
  readonly order: number;
  readonly life: Life;
  run: (() => void) | undefined;
}

/** Whoever can die: timers, lines and sockets of a dead life are silent. */
export class Life {
  alive = true;
  /** Timers that wait. */
  timers = 0;
  readonly name: string;
  readonly #ends: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
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
  /** Looks on after everything that happens. */
  watch: () => void = () => undefined;
  readonly #heap: Event[] = [];
  #order = 0;

  get wall(): number {
    return this.wallAtZero + Math.floor(this.monotonic);
  }

  after(delayMs: number, run: () => void, life: Life = this.outside): () => void {
    this.#order += 1;
    const event: Event = { at: this.monotonic + Math.max(0, delayMs), order: this.#order, life, run };
    life.timers += 1;
    push(this.#heap, event);
    return () => {
      if (event.run === undefined) return;
      event.run = undefined;
      life.timers -= 1;
    };
  }

  pause(delayMs: number, life?: Life): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve, life));
  }

  clockOf(life: Life): Clock {
    return {
      now: () => this.wall,
      monotonic: () => this.monotonic,
      after: (delayMs, callback) => this.after(Math.ceil(delayMs), callback, life),
    };
  }

  /** Lets one thing happen; false: nothing waits any more. */
  async step(): Promise<boolean> {
    for (;;) {
      const event = pop(this.#heap);
      if (event === undefined) return false;
      const { run, life } = event;
      if (run === undefined) continue;
      event.run = undefined;
      life.timers -= 1;
      if (!life.alive) continue;
      this.monotonic = Math.max(this.monotonic, event.at);
      this.events += 1;
      run();
      await everythingThatFollows();
      this.watch();
      return true;
    }
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
