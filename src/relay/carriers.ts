// Who carries an errand: the pool of its hops, or the directory of a `files` route. Pools live as long as the settings they were made of.

import type { Clock } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import type { Errand, ErrandResult } from './errand.ts';
import { deliverToFiles } from './files.ts';
import { createHopPool, type HopPool } from './hop-pool.ts';
import { type RelaySettings, type Route, routeKey } from './settings.ts';

export interface CarrierLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export interface Carriers {
  carry(errand: Errand): Promise<ErrandResult>;
  close(): void;
  readonly repliesLost: number;
  readonly routesDown: number;
}

export function createCarriers(options: {
  readonly clock: Clock;
  readonly network: Network;
  readonly log: CarrierLog;
  settings(): RelaySettings;
}): Carriers {
  const { clock, log } = options;
  const pools = new Map<string, HopPool>();
  let settings = options.settings();
  let repliesLost = 0;

  function close(): void {
    for (const pool of pools.values()) pool.close();
    pools.clear();
  }

  function poolOf(route: Extract<Route, { type: 'hops' }>): HopPool {
    // After a reload every connection is made anew: credentials or TLS may have changed.
    if (options.settings() !== settings) close();
    settings = options.settings();
    const key = routeKey(route);
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = createHopPool({ ...options, hops: route.hops, settings, changed: told(key), replyLost });
      pools.set(key, pool);
    }
    return pool;
  }

  const told = (route: string) => (down: boolean, diagnostic: string) =>
    down
      ? log.warn({ route, diagnostic }, 'next hop is down, its mail waits')
      : log.info({ route }, 'next hop is back');

  function replyLost(): void {
    repliesLost += 1;
  }

  return {
    async carry(errand) {
      const { route } = errand;
      if (route.type === 'hops') return poolOf(route).deliver(errand);
      return deliverToFiles(route.directory, errand, clock.now());
    },
    close,
    get repliesLost() {
      return repliesLost;
    },
    get routesDown() {
      return [...pools.values()].filter(({ down }) => down).length;
    },
  };
}
