// The routes that take no mail now, and the two lines of the log about each: when it went down, and when it is back.

import type { Clock } from '../platform/platform.ts';

export interface CarrierLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/** A next hop that takes no mail now. */
export interface DownRoute {
  readonly route: string;
  /** The hop's reply, or why it could not be reached. */
  readonly diagnostic: string;
  /** Wall clock, ms. */
  readonly since: number;
}

/** Each route once, with what the first front that met it says; the longest down first. */
export function eachOnce(routes: readonly DownRoute[]): readonly DownRoute[] {
  const first = new Map<string, DownRoute>();
  for (const route of routes.toSorted((one, other) => one.since - other.since))
    if (!first.has(route.route)) first.set(route.route, route);
  return [...first.values()];
}

export class DownRoutes {
  readonly #clock: Clock;
  readonly #log: CarrierLog;
  readonly #down = new Map<string, DownRoute>();

  constructor(clock: Clock, log: CarrierLog) {
    this.#clock = clock;
    this.#log = log;
  }

  has(key: string): boolean {
    return this.#down.has(key);
  }

  all(): readonly DownRoute[] {
    return [...this.#down.values()];
  }

  clear(): void {
    this.#down.clear();
  }

  /** `route`: its name for people. No diagnostic: the hop is back. */
  told(key: string, route: string, diagnostic: string | undefined): void {
    if (diagnostic !== undefined) {
      const since = this.#down.get(key)?.since ?? this.#clock.now();
      this.#down.set(key, { route, diagnostic, since });
      this.#log.warn({ route, diagnostic }, 'next hop is down, its mail waits');
    } else if (this.#down.delete(key)) this.#log.info({ route }, 'next hop is back');
  }
}
