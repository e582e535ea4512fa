// How much each destination may have under way: what can start soon, and no more, so that one that is slow keeps nobody waiting but its own. A destination
// is a route; what a claim may take for it is its share.

import type { ClaimShare } from '../store/port.ts';
import type { RelaySettings, Route } from './settings.ts';

/** One at work, and one that follows it. */
const PER_CONNECTION = 2;
const FILES = 50;

export interface Rooms {
  /** Of one errand; call `ended` of what it gives. */
  began(route: Route): Room;
  /** Nobody has room for something worth a claim: none. */
  shares(): readonly ClaimShare[];
}

export interface Room {
  ended(): void;
}

export function createRooms(o: {
  settings(): RelaySettings;
  /** Connections that the route likes. */
  connectionsMax(route: Extract<Route, { type: 'hops' }>): number;
}): Rooms {
  const rooms = new WeakMap<Route, { underWay: number; readonly room: Room }>();

  function roomOf(route: Route): { underWay: number; readonly room: Room } {
    const known = rooms.get(route);
    if (known !== undefined) return known;
    const made = { underWay: 0, room: { ended: () => void (made.underWay -= 1) } };
    rooms.set(route, made);
    return made;
  }

  /** In portions: a claim for each errand that ends would cost more than it brings. */
  function freeOf(route: Route): number {
    const size = route.type === 'files' ? FILES : PER_CONNECTION * o.connectionsMax(route);
    const free = size - (rooms.get(route)?.underWay ?? 0);
    return free >= size / 2 ? free : 0;
  }

  return {
    began(route) {
      const one = roomOf(route);
      one.underWay += 1;
      return one.room;
    },
    shares() {
      const { route, routes } = o.settings();
      const named = Object.entries(routes).map(([domain, own]) => ({ domains: [domain], max: freeOf(own) }));
      const shares: readonly ClaimShare[] = [...named, { max: freeOf(route) }];
      return shares.some(({ max }) => max > 0) ? shares : [];
    },
  };
}
