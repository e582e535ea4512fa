// Who carries an errand: the pool of its hops, or the directory of a `files` route. Pools live as long as the settings they were made of.

import type { Clock } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import type { Errand, ErrandResult } from './errand.ts';
import { deliverToFiles } from './files.ts';
import { createHopPool, type HopPool } from './hop-pool.ts';
import { hopName, type RelaySettings, type Route } from './settings.ts';

export interface CarrierLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

export interface Carriers {
  carry(errand: Errand): Promise<ErrandResult>;
  close(): void;
  /** Connections that the route likes, as far as is known. */
  connectionsMax(route: Hops): number;
  readonly repliesLost: number;
  readonly routesDown: number;
}

type Hops = Extract<Route, { type: 'hops' }>;

export function createCarriers(options: {
  readonly clock: Clock;
  readonly network: Network;
  readonly log: CarrierLog;
  settings(): RelaySettings;
}): Carriers {
  const { clock, log } = options;
  /** By all that their connections are made of, credentials and TLS too. */
  const pools = new Map<string, HopPool>();
  const poolsByRoute = new Map<Hops, HopPool>();
  let settings = options.settings();
  let repliesLost = 0;

  function close(): void {
    for (const pool of pools.values()) pool.close();
    pools.clear();
    poolsByRoute.clear();
  }

  function poolOf(route: Hops): HopPool {
    // After a reload every connection is made anew: credentials or TLS may have changed.
    if (options.settings() !== settings) close();
    settings = options.settings();
    let pool = poolsByRoute.get(route);
    if (pool === undefined) {
      const key = JSON.stringify(route.hops);
      pool = pools.get(key) ?? newPool(route);
      pools.set(key, pool);
      poolsByRoute.set(route, pool);
    }
    return pool;
  }

  function newPool({ hops }: Hops): HopPool {
    const changed = told(hops.map(hopName).join(', '));
    return createHopPool({ ...options, hops, settings, changed, replyLost });
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
    connectionsMax: (route) => poolsByRoute.get(route)?.connectionsMax ?? options.settings().connectionsMax,
    get repliesLost() {
      return repliesLost;
    },
    get routesDown() {
      return [...pools.values()].filter(({ down }) => down).length;
    },
  };
}
