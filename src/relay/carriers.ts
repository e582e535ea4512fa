// Who carries a job: the pool of its hops, or the directory of a `files` route. Pools live as long as the settings they were made of.

import type { Clock } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import { type CarrierLog, type DownRoute, DownRoutes } from './down-routes.ts';
import type { DeliveryJob, JobResult } from './delivery-job.ts';
import { deliverToFiles } from './files.ts';
import { createHopPool, type HopPool } from './hop-pool.ts';
import { MESSAGES_MAX } from './hosts.ts';
import { hopName, type RelaySettings, type Route, routeKey } from './settings.ts';

/** A next hop that takes less than the configuration allows: learned from its replies, and forgotten slowly (policy/pace.ts). */
export interface LearnedLimits {
  readonly route: string;
  readonly connections?: number;
  /** Messages over one connection. */
  readonly messages?: number;
}

export interface Carriers {
  carry(job: DeliveryJob): Promise<JobResult>;
  close(): void;
  /** Connections that the route takes at once, as far as is known. */
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
  const { clock } = options;
  /** Keyed by everything that their connections depend on, credentials and TLS too. */
  const pools = new Map<string, { readonly name: string; readonly pool: HopPool }>();
  let settings = options.settings();
  let repliesLost = 0;
  const down = new DownRoutes(clock, options.log);
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
        if (then === generation) down.told(key, name, isDown ? diagnostic : undefined);
      },
    });
    pools.set(key, { name, pool });
    return pool;
  }

  function replyLost(): void {
    repliesLost += 1;
  }

  return {
    async carry(job) {
      const { route } = job;
      if (route.type === 'hops') return poolOf(route).deliver(job);
      const result = await deliverToFiles(route.directory, job, clock.now());
      keepUp();
      // A directory that can't be written is a hop that is down.
      const diagnostic = result.type === 'hostDown' ? result.diagnostic : undefined;
      const key = routeKey(route);
      if ((diagnostic !== undefined) !== down.has(key)) down.told(key, route.directory, diagnostic);
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
      return down.all();
    },
    get learned() {
      keepUp();
      return [...pools.values()].flatMap(({ name, pool }) => learnedBy(name, pool, settings));
    },
  };
}

function learnedBy(
  route: string,
  { connectionsMax, messagesMax }: HopPool,
  settings: RelaySettings,
): readonly LearnedLimits[] {
  const few = connectionsMax < settings.connectionsMax ? { connections: connectionsMax } : {};
  const each = messagesMax < MESSAGES_MAX ? { messages: messagesMax } : {};
  return 'connections' in few || 'messages' in each ? [{ route, ...few, ...each }] : [];
}
