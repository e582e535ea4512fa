// Who carries an errand: the pool of its hops, or the directory of a `files` route. Pools live as long as the settings they were made of.

import type { Clock } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import type { Errand, ErrandResult } from './errand.ts';
import { deliverToFiles } from './files.ts';
import { createHopPool, type HopPool } from './hop-pool.ts';
import { MESSAGES_MAX } from './hosts.ts';
import { hopName, type RelaySettings, type Route } from './settings.ts';

export interface CarrierLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

/** A next hop that takes no mail now. */
export interface DownRoute {
  readonly route: string;
  /** What it said, or why it could not be reached. */
  readonly diagnostic: string;
  /** Wall clock, ms. */
  readonly since: number;
}

/** A next hop that takes less than the configuration allows: found out, and forgotten slowly (policy/pace.ts). */
export interface LearnedLimits {
  readonly route: string;
  readonly connections?: number;
  /** Over one connection. */
  readonly messages?: number;
}

export interface Carriers {
  carry(errand: Errand): Promise<ErrandResult>;
  close(): void;
  /** Connections that the route likes, as far as is known. */
  connectionsMax(route: Hops): number;
  readonly repliesLost: number;
  readonly downRoutes: readonly DownRoute[];
  readonly learned: readonly LearnedLimits[];
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
  const down = new Map<string, DownRoute>();
  /** Grows with each reload. */
  let generation = 0;

  function close(): void {
    down.clear();
    generation += 1;
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
    const changed = toldBy(hops.map(hopName).join(', '));
    return createHopPool({ ...options, hops, settings, changed, replyLost });
  }

  /** What a pool of before a reload finds out is of no account any more. */
  const toldBy = (route: string) => {
    const then = generation;
    return (isDown: boolean, diagnostic: string) => {
      if (then === generation) told(route, isDown, diagnostic);
    };
  };

  function told(route: string, isDown: boolean, diagnostic: string): void {
    if (isDown) {
      down.set(route, { route, diagnostic, since: down.get(route)?.since ?? clock.now() });
      log.warn({ route, diagnostic }, 'next hop is down, its mail waits');
    } else if (down.delete(route)) log.info({ route }, 'next hop is back');
  }

  /** A directory that can't be written is a hop that is down. */
  function noteFiles(directory: string, result: ErrandResult): void {
    const isDown = result.type === 'hostDown';
    if (isDown !== down.has(directory)) told(directory, isDown, isDown ? result.diagnostic : '');
  }

  function replyLost(): void {
    repliesLost += 1;
  }

  return {
    async carry(errand) {
      const { route } = errand;
      if (route.type === 'hops') return poolOf(route).deliver(errand);
      const result = await deliverToFiles(route.directory, errand, clock.now());
      noteFiles(route.directory, result);
      return result;
    },
    close,
    connectionsMax: (route) => poolsByRoute.get(route)?.connectionsMax ?? options.settings().connectionsMax,
    get repliesLost() {
      return repliesLost;
    },
    get downRoutes() {
      return [...down.values()];
    },
    get learned() {
      return [...poolsByRoute].flatMap(([{ hops }, pool]) => {
        const { connectionsMax, messagesMax } = pool;
        const few = connectionsMax < settings.connectionsMax ? { connections: connectionsMax } : {};
        const each = messagesMax < MESSAGES_MAX ? { messages: messagesMax } : {};
        return 'connections' in few || 'messages' in each
          ? [{ route: hops.map(hopName).join(', '), ...few, ...each }]
          : [];
      });
    },
  };
}
