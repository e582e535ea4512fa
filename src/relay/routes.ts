// Which way does a delivery go? By its domain, else the route for everything. Mail that came in unauthenticated may go to our own domains
// only, checked once more here, whatever was decided at the door (BCP134-4.1).

import type { Delivery, QueuedMessage } from '../store/port.ts';
import type { RelaySettings, Route } from './settings.ts';

export interface Routed {
  readonly routed: ReadonlyMap<Route, readonly Delivery[]>;
  /** May go nowhere. */
  readonly forbidden: readonly Delivery[];
}

export function byRoute(
  settings: RelaySettings,
  message: QueuedMessage,
  deliveries: readonly Delivery[],
): Routed {
  const routed = new Map<Route, Delivery[]>();
  const forbidden: Delivery[] = [];
  for (const delivery of deliveries) {
    const { domain } = delivery;
    if (message.role === 'mx' && !settings.domains.includes(domain)) {
      forbidden.push(delivery);
      continue;
    }
    const route =
      (Object.hasOwn(settings.routes, domain) ? settings.routes[domain] : undefined) ?? settings.route;
    const same = routed.get(route);
    if (same === undefined) routed.set(route, [delivery]);
    else same.push(delivery);
  }
  return { routed, forbidden };
}
