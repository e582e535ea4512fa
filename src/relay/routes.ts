// Which way does a delivery go? By its domain, else the route for everything. Mail that came in unauthenticated may go to our own domains
// only, checked once more here, whatever was decided at the door (BCP134-4.1).

import type { Delivery, QueuedMessage } from '../store/port.ts';
import { type RelaySettings, type Route, routeKey } from './settings.ts';

interface Way {
  readonly route: Route;
  readonly deliveries: readonly Delivery[];
}

export interface Routed {
  /** Each once, with all that goes there. */
  readonly routed: readonly Way[];
  /** May go nowhere. */
  readonly forbidden: readonly Delivery[];
}

export function byRoute(
  settings: RelaySettings,
  message: QueuedMessage,
  deliveries: readonly Delivery[],
): Routed {
  const routed = new Map<string, { readonly route: Route; readonly deliveries: Delivery[] }>();
  const forbidden: Delivery[] = [];
  for (const delivery of deliveries) {
    const { domain } = delivery;
    if (message.role === 'mx' && !settings.domains.includes(domain)) {
      forbidden.push(delivery);
      continue;
    }
    const route =
      (Object.hasOwn(settings.routes, domain) ? settings.routes[domain] : undefined) ?? settings.route;
    const key = routeKey(route);
    const same = routed.get(key);
    if (same === undefined) routed.set(key, { route, deliveries: [delivery] });
    else same.deliveries.push(delivery);
  }
  return { routed: [...routed.values()], forbidden };
}
