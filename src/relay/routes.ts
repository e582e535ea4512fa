// Which route does a delivery take? That of its domain, else the default route. Mail that came in unauthenticated may go to our own domains
// only; that is checked here once more, whatever was decided at RCPT (BCP134-4.1).

import type { Delivery, QueuedMessage } from '../store/port.ts';
import { type RelaySettings, type Route, routeKey } from './settings.ts';

interface Way {
  readonly route: Route;
  readonly deliveries: readonly Delivery[];
}

export interface Routed {
  /** Each route once, with all deliveries that take it. */
  readonly routed: readonly Way[];
  /** Deliveries that may not leave by any route. */
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
