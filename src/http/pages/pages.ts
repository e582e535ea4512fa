// The pages of the private HTTP port. One more is a file beside this one and a row here.

import type { Administration } from '../../administration/use-cases.ts';
import { health, type HealthSources } from './health.ts';
import { metrics, type MetricsSources } from './metrics.ts';
import type { Page } from './page.ts';
import { alive, ready, type ReadySources } from './readiness.ts';

/** Use cases that a page may show. Nobody proves here who they are: what changes anything, or shows somebody's data, is not for this port. */
type Shown = 'ownHostname' | 'queueTotals';

export interface PageSources extends HealthSources, MetricsSources, ReadySources {
  readonly administration: Pick<Administration, Shown>;
}

export const pages: readonly Page<PageSources>[] = [metrics, health, alive, ready];
