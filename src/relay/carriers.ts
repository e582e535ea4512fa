// Who carries an errand: the pool of its hops, or the directory of a `files` route. Pools live as long as the settings they were made of.

import type { Clock } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import type { Errand, ErrandResult } from './errand.ts';
import { deliverToFiles } from './files.ts';
import { createHopPool, type HopPool } from './hop-pool.ts';
import { MESSAGES_MAX } from './hosts.ts';
import { hopName, type RelaySettings, type Route, routeKey } from './settings.ts';

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

/** A next hop that takes less than the configuration allows: learned from its replies, and forgotten slowly (policy/pace.ts). */
export interface LearnedLimits {
  readonly route: string;
  readonly connections?: number;
  /** Messages over one connection. */
  readonly messages?: number;
}

export interface Carriers {
  carry(errand: Errand): Promise<ErrandResult>;
  close(): void;
  /** Connections that the route takes at once, as far as is known. */
  connectionsMax(route: Hops): number;
  readonly repliesLost: number;
  readonly downRoutes: readonly DownRoute[];
  readonly learned: readonly LearnedLimits[];
}

type Hops = Extract<Route, { type: 'hops' }>;
type Files = Extract<Route, { type: 'files' }>;

export function createCarriers(options: {
  readonly clock: Clock;
  readonly network: Network;
  readonly log: CarrierLog;
  settings(): RelaySettings;
}): Carriers {
  const { clock, log } = options;
  /** Keyed by everything that their connections depend on, credentials and TLS too. */
  const pools = new Map<string, { readonly name: string; readonly pool: HopPool }>();
  let settings = options.settings();
  let repliesLost = 0;
  const down = new Map<string, DownRoute>();
  /** Grows with each reload. */
  let generation = 0;

  function close(): void {
    down.clear();
    generation += 1;
    for (const { pool } of pools.values()) pool.close();
    pools.clear();
  }

  /** After a reload every connection is replaced: credentials or TLS may have changed. What was learned before no longer counts. */
  function keepUp(): void {
    if (options.settings() !== settings) close();
    settings = options.settings();
  }

  function poolOf(route: Hops): HopPool {
    keepUp();
    const key = routeKey(route);
    const known = pools.get(key);
    if (known !== undefined) return known.pool;
    const { hops } = route;
    const name = hops.map(hopName).join(', ');
    const then = generation;
    const pool = createHopPool({
      ...{ ...options, hops, settings, replyLost },
      changed(isDown, diagnostic) {
        if (then === generation) told(key, name, isDown ? diagnostic : undefined);
      },
    });
    pools.set(key, { name, pool });
    return pool;
  }

  /** No diagnostic: the hop is back. */
  function told(key: string, route: string, diagnostic: string | undefined): void {
    if (diagnostic !== undefined) {
      down.set(key, { route, diagnostic, since: down.get(key)?.since ?? clock.now() });
      log.warn({ route, diagnostic }, 'next hop is down, its mail waits');
    } else if (down.delete(key)) log.info({ route }, 'next hop is back');
  }

  /** A directory that can't be written is a hop that is down. */
  function noteFiles(route: Files, result: ErrandResult): void {
    const key = routeKey(route);
    const isDown = result.type === 'hostDown';
    if (isDown !== down.has(key)) told(key, route.directory, isDown ? result.diagnostic : undefined);
  }

  function replyLost(): void {
    repliesLost += 1;
  }

  return {
    async carry(errand) {
      const { route } = errand;
      if (route.type === 'hops') return poolOf(route).deliver(errand);
      const result = await deliverToFiles(route.directory, errand, clock.now());
      keepUp();
      noteFiles(route, result);
      return result;
    },
    close,
    connectionsMax: (route) =>
      pools.get(routeKey(route))?.pool.connectionsMax ?? options.settings().connectionsMax,
    get repliesLost() {
      return repliesLost;
    },
    get downRoutes() {
      keepUp();
      return [...down.values()];
    },
    get learned() {
      keepUp();
      return [...pools.values()].flatMap(({ name, pool: { connectionsMax, messagesMax } }) => {
        const few = connectionsMax < settings.connectionsMax ? { connections: connectionsMax } : {};
        const each = messagesMax < MESSAGES_MAX ? { messages: messagesMax } : {};
        return 'connections' in few || 'messages' in each ? [{ route: name, ...few, ...each }] : [];
      });
    },
  };
}
