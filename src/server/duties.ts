// What a running server does now and then, beside the mail: retention, a look at its keys, its certificates and the clock.

import { keepRetention } from '../audit/retention.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Log } from '../observe/log.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { descriptorLimit, openDescriptors } from '../platform/descriptors.ts';
import { watchClock } from './clock-watch.ts';
import { descriptorTrouble, planDescriptors } from './descriptors.ts';
import { judgeCertificates } from './start-checks.ts';
import type { Store } from '../store/port.ts';
import type { InForce } from './in-force.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const WATCH_MS = 30_000;
const TICKET_KEYS_MS = DAY_MS / 2;

/** Returns a function that ends them. */
export function beginDuties(o: {
  readonly store: Store;
  readonly log: Log;
  readonly inForce: Pick<InForce, 'loaded' | 'plan' | 'lookAtFiles' | 'renewTicketKeys'>;
}): () => void {
  const { store, log, inForce } = o;
  const loaded = (): LoadedConfig => inForce.loaded;
  const ends = [
    keepRetention({
      ...{ store, clock },
      retentionMs: () => loaded().config.audit.retention,
      failed: (error) => log.error({ error: String(error) }, 'retention could not be kept'),
    }),
    every(WATCH_MS, () => void inForce.lookAtFiles()),
    watchClock({ ...{ clock, store, log }, longestRetryMs: () => Math.max(...loaded().config.relay.retry) }),
    every(TICKET_KEYS_MS, () => void inForce.renewTicketKeys()),
    every(DAY_MS, () => warnOfCertificates(inForce, log)),
    every(MINUTE_MS, () => warnOfDescriptors(log)),
  ];
  warnOfCertificates(inForce, log);
  const { warning } = planDescriptors(loaded().config, descriptorLimit());
  if (warning !== undefined) log.warn({}, warning);
  return () => ends.forEach((end) => end());
}

function every(ms: number, run: () => void): () => void {
  let cancel = clock.after(ms, again);
  function again(): void {
    run();
    cancel = clock.after(ms, again);
  }
  return () => cancel();
}

/** Judges the certificates in use, which may be older than the files. */
function warnOfCertificates({ loaded, plan }: Pick<InForce, 'loaded' | 'plan'>, log: Log): void {
  const { ill, warnings } = judgeCertificates(plan.certificates, loaded.config, clock.now());
  for (const problem of [...ill, ...warnings]) log.warn({}, problem);
}

function warnOfDescriptors(log: Log): void {
  const trouble = descriptorTrouble(openDescriptors(), descriptorLimit());
  if (trouble !== undefined) log.warn({}, trouble);
}
