// What is counted: trees of plain numbers, which cross threads and can be added up. A time is counted in the bucket it falls into, once; the page of
// metrics adds them up as Prometheus wants it.

type Tally = number | readonly number[] | { readonly [name: string]: Tally };

/** The sum of two trees of one kind; a branch that only one of them has counts as it is. */
export function added<T extends object>(one: T, other: T): T {
  return sum(one as Tally, other as Tally) as T;
}

function sum(one: Tally | undefined, other: Tally | undefined): Tally {
  if (one === undefined || other === undefined) return one ?? other ?? 0;
  if (typeof one === 'number' && typeof other === 'number') return one + other;
  if (Array.isArray(one) && Array.isArray(other)) return one.map((value, at) => value + (other[at] ?? 0));
  const [left, right] = [one, other] as readonly { readonly [name: string]: Tally }[];
  const names = new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})]);
  return Object.fromEntries([...names].map((name) => [name, sum(left?.[name], right?.[name])]));
}

export interface Times {
  /** One for each upper bound, and one for what is longer than all. */
  readonly counts: readonly number[];
  readonly seconds: number;
}

export interface Stopwatch {
  /** Counts one. Time that ran backwards is none. */
  took(ms: number): void;
  readonly times: Times;
}

/** `bounds`: seconds, ascending; what took just as long is in. */
export function createStopwatch(bounds: readonly number[]): Stopwatch {
  const counts = bounds.map(() => 0).concat(0);
  let seconds = 0;
  return {
    took(ms) {
      const time = Math.max(0, ms) / 1000;
      let at = 0;
      while (at < bounds.length && time > (bounds[at] ?? 0)) at += 1;
      counts[at] = (counts[at] ?? 0) + 1;
      seconds += time;
    },
    get times() {
      return { counts, seconds };
    },
  };
}

/** From MAIL to its 250: above half a second people notice it. */
export const ACCEPT_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
] as const;

/** From the 250 to the next hop's: seconds if all is well, days if a server is down. */
export const DELIVERY_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400, 432_000,
] as const;
