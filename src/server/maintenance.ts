// What a running server does now and then, beside the mail: retention, a look at its keys, its certificates and the clock.

import { keepRetention } from '../audit/retention.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Log } from '../observe/log.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { watchClock } from './clock-watch.ts';
import { descriptorTrouble, planDescriptors } from './descriptors.ts';
import { judgeCertificates } from './start-checks.ts';
import { keepTicketKeys } from './ticket-keys.ts';
import type { Store } from '../store/port.ts';
import type { InForce } from './in-force.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WATCH_MS = 30_000;

/** What is in force, as maintenance asks for it each time. */
export type InForceNow = Pick<InForce, 'loaded' | 'plan' | 'lookAtFiles' | 'renewTicketKeys'>;

/** Of this process; undefined: the system does not say. */
export interface Descriptors {
  limit(): number | undefined;
  open(): number | undefined;
}

/** Returns a function that ends them. */
export function startMaintenance(o: {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly store: Store;
  /** Other nodes may write it too. */
  readonly isShared: boolean;
  readonly log: Log;
  readonly descriptors: Descriptors;
  readonly inForce: InForceNow;
}): () => void {
  const { clock, store, log, inForce, descriptors } = o;
  const every = (ms: number, run: () => void): (() => void) => repeat(clock, ms, run);
  const loaded = (): LoadedConfig => inForce.loaded;
  const ends = [
    keepRetention({
      ...{ store, clock },
      retentionMs: () => loaded().config.audit.retention,
      failed: (error) => log.error({ error: String(error) }, 'retention could not be kept'),
    }),
    every(WATCH_MS, () => void inForce.lookAtFiles()),
    watchClock({ ...{ clock, store, log }, longestRetryMs: () => Math.max(...loaded().config.relay.retry) }),
    keepTicketKeys({
      ...{ clock, entropy: o.entropy, log, inForce },
      // Who has no TLS of its own need not know the keys of others.
      shared: o.isShared && loaded().config.tls !== undefined ? store : undefined,
    }),
    every(DAY_MS, () => warnOfCertificates(inForce, clock, log)),
    every(MINUTE_MS, () => warnOfDescriptors(descriptors, log)),
  ];
  warnOfCertificates(inForce, clock, log);
  const { warning } = planDescriptors(loaded().config, descriptors.limit());
  if (warning !== undefined) log.warn({}, warning);
  return () => ends.forEach((end) => end());
}

function repeat(clock: Clock, ms: number, run: () => void): () => void {
  let cancel = clock.after(ms, again);
  function again(): void {
    run();
    cancel = clock.after(ms, again);
  }
  return () => cancel();
}

/** Judges the certificates in use, which may be older than the files. */
function warnOfCertificates({ loaded, plan }: InForceNow, clock: Clock, log: Log): void {
  const { ill, warnings } = judgeCertificates(plan.certificates, loaded.config, clock.now());
  for (const problem of [...ill, ...warnings]) log.warn({}, problem);
}

function warnOfDescriptors(descriptors: Descriptors, log: Log): void {
  const trouble = descriptorTrouble(descriptors.open(), descriptors.limit());
  if (trouble !== undefined) log.warn({}, trouble);
}
