// Counters of prom-client that are set: their values were counted elsewhere.

import type { Counter } from 'prom-client';

export function setTo(counter: Counter<never>, value: number): void {
  counter.reset();
  counter.inc(value);
}

export function setBy<T extends string>(
  counter: Counter<T>,
  label: T,
  values: Readonly<Record<string, number>>,
): void {
  counter.reset();
  for (const [key, value] of Object.entries(values))
    counter.labels({ [label]: key } as Record<T, string>).inc(value);
}
