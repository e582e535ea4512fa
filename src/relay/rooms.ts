// How much each destination may have under way: what can start soon and no more, so that a slow destination delays only its own mail. A destination
// is a route; what a claim may take for it is its share.

import { invariant } from '../base/assert.ts';
import type { ClaimShare } from '../store/port.ts';
import { type RelaySettings, type Route, routeKey } from './settings.ts';

/** One message at work, and one that follows it. */
const PER_CONNECTION = 2;
const FILES = 50;

export interface Rooms {
  /** Takes room for one job; `ended` of the result gives it back. */
  began(route: Route): Room;
  /** Empty when no destination has room enough to be worth a claim. */
  shares(): readonly ClaimShare[];
}

export interface Room {
  ended(): void;
}

export function createRooms(o: {
  settings(): RelaySettings;
  /** Connections that the route takes at once. */
  connectionsMax(route: Extract<Route, { type: 'hops' }>): number;
}): Rooms {
  const underWay = new Map<string, number>();
  let named: { readonly of: RelaySettings; readonly ways: readonly Named[] } | undefined;

  /** Zero until half is free: a claim for each job that ends would cost more than it brings. */
  function freeOf(route: Route): number {
    const size = route.type === 'files' ? FILES : PER_CONNECTION * o.connectionsMax(route);
    const free = size - (underWay.get(routeKey(route)) ?? 0);
    return free >= size / 2 ? free : 0;
  }

  return {
    began(route) {
      const key = routeKey(route);
      underWay.set(key, (underWay.get(key) ?? 0) + 1);
      return {
        ended() {
          const left = (underWay.get(key) ?? 0) - 1;
          invariant(left >= 0, 'a job gives its room back twice');
          if (left > 0) underWay.set(key, left);
          else underWay.delete(key);
        },
      };
    },
    shares() {
      const settings = o.settings();
      if (named?.of !== settings) named = { of: settings, ways: namedBy(settings) };
      const shares: readonly ClaimShare[] = [
        ...named.ways.map(({ domains, route }) => ({ domains, max: freeOf(route) })),
        { max: freeOf(settings.route) },
      ];
      return shares.some(({ max }) => max > 0) ? shares : [];
    },
  };
}

interface Named {
  readonly domains: readonly string[];
  readonly route: Route;
}

/** Domains of the same route share its room; domains that take the default route are not named. */
function namedBy({ route: others, routes }: RelaySettings): readonly Named[] {
  const own = Object.entries(routes).filter(([, route]) => routeKey(route) !== routeKey(others));
  return [...Map.groupBy(own, ([, route]) => routeKey(route)).values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [{ domains: same.map(([domain]) => domain), route: first[1] }];
  });
}
