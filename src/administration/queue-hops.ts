// How much waits for which next hop. The store knows no hops: which one a recipient's mail takes is decided by its domain and the configuration when it is tried, so the
// largest domains are put together by the hop that each has now.

import { hopOf } from '../store/hop-domains.ts';
import type { QueueTotals } from '../store/lookups.ts';
import type { AdministrationPorts } from './ports.ts';

export interface QueueOfHop {
  /** As the log and the metrics name it. */
  readonly hop: string;
  /** To the domains below. */
  readonly deliveries: number;
  /** Largest first. */
  readonly domains: QueueTotals['byDomain'];
}

export interface TotalsByHop extends QueueTotals {
  /** Of the domains of `byDomain`, largest first. What is to other domains is in `deliveries` alone. */
  readonly byHop: readonly QueueOfHop[];
}

export function withHops(
  { nextHops }: Pick<AdministrationPorts, 'nextHops'>,
  totals: QueueTotals,
): TotalsByHop {
  const all = nextHops();
  const hops = Map.groupBy(totals.byDomain, ({ domain }) => hopOf(all, domain)?.name ?? '');
  const byHop = [...hops].map(([hop, domains]) => ({
    ...{ hop, domains },
    deliveries: domains.reduce((sum, { deliveries }) => sum + deliveries, 0),
  }));
  return { ...totals, byHop: byHop.toSorted((one, other) => other.deliveries - one.deliveries) };
}
