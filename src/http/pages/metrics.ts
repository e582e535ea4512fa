// `/metrics`: the figures of this server, for Prometheus.

import type { Page } from './page.ts';

export interface MetricsSources {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export const metrics: Page<MetricsSources> = {
  path: '/metrics',
  answer: async (_asked, sources) =>
    new Response(await sources.metrics(), { headers: { 'content-type': sources.contentType } }),
};
