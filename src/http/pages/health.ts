// `/health`: how the server is, for monitors: 503 while there are problems.

import type { LearnedLimits } from '../../relay/carriers.ts';
import type { Difference } from '../../server/alike.ts';
import type { ShownNode } from '../../server/cluster.ts';
import type { Page } from './page.ts';

export interface Health {
  /** Absent while the store thread is being started again. */
  readonly queue?: { readonly messages: number; readonly limit: number | 'none' };
  /** Events, and the link of the last one (`audit verify --expect`), hex. Absent like `queue`. */
  readonly trail?: { readonly events: number; readonly lastLink: string };
  /** Those that share the store; absent: nobody does, or the store can't be asked. */
  readonly nodes?: readonly ShownNode[];
  /** What they have configured differently. Absent like `nodes`. */
  readonly differences?: readonly Difference[];
  /** Next hops that take less than the configuration allows. */
  readonly learned?: readonly LearnedLimits[];
  /** Empty: all is well. */
  readonly problems: readonly string[];
  /** What needs somebody before it becomes a problem; the server is well. */
  readonly warnings: readonly string[];
}

export interface HealthSources {
  health(): Promise<Health>;
  /** What the server's look at its own listeners said. */
  selfTest(): string;
}

export const health: Page<HealthSources> = {
  path: '/health',
  async answer({ context }, sources) {
    const { problems, warnings, ...figures } = await sources.health();
    const isWell = problems.length === 0;
    return context.json(
      {
        status: isWell ? 'ok' : 'degraded',
        selfTest: sources.selfTest(),
        ...figures,
        problems,
        warnings,
      },
      isWell ? 200 : 503,
    );
  },
};
