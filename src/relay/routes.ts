// Which way does a delivery go? By its domain, else the route for everything. Mail that came in unauthenticated may go to our own domains
// only, checked once more here, whatever was decided at the door (DESIGN 3.14, BCP134-4.1).

import type { Delivery, QueuedMessage } from '../store/port.ts';
import type { RelaySettings, Route } from './settings.ts';

export type Routed = { readonly type: 'route'; readonly route: Route } | { readonly type: 'forbidden'; readonly because: string };

export function routeOf(settings: RelaySettings, message: QueuedMessage, delivery: Delivery): Routed {
  if (message.role === 'mx' && !settings.domains.includes(delivery.domain)) {
    return { type: 'forbidden', because: `mail from strangers is not relayed to ${delivery.domain}` };
  }
  const own = Object.hasOwn(settings.routes, delivery.domain) ? settings.routes[delivery.domain] : undefined;
  return { type: 'route', route: own ?? settings.route };
}
