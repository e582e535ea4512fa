// A histogram in Prometheus' text format. prom-client writes only what it has observed itself; ours are counted in other threads.

import type { Times } from '../observe/tally.ts';

export interface Histogram {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, seconds. */
  readonly bounds: readonly number[];
  readonly times: Times;
}

/** Each bucket holds those below it too. */
export function histogramText({ name, help, bounds, times }: Histogram): string {
  let count = 0;
  const buckets = times.counts.map((own, at) => {
    count += own;
    return `${name}_bucket{le="${bounds[at] ?? '+Inf'}"} ${count}`;
  });
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} histogram`,
    ...buckets,
    `${name}_sum ${times.seconds}`,
    `${name}_count ${count}`,
    '',
  ].join('\n');
}
