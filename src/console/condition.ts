// How the server is, as main tells the console: plain data.

import type { Health } from '../http/pages/health.ts';
import type { DownRoute } from '../relay/down-routes.ts';
import type { FlowView } from '../server/flow.ts';
import type { CertificateState } from '../server/start-checks.ts';
import type { ReadyLook } from '../server/readiness.ts';

export interface ConsoleCondition {
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly roles: readonly string[];
  /** What the server's look at its own listeners said. */
  readonly selfTest: string;
  /** Why it says so, a sentence each. */
  readonly selfTestFindings: readonly string[];
  readonly ready: readonly ReadyLook[];
  /** Of the listeners, in the order of the configuration. */
  readonly certificates: readonly CertificateState[];
  readonly health: Health;
  /** Of all fronts, each once. */
  readonly downHops: readonly DownRoute[];
  readonly flow: FlowView;
}
