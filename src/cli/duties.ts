// What a running server does now and then, beside the mail: retention, a look at its keys, its certificates and the clock.

import { statSync } from 'node:fs';
import { keepRetention } from '../audit/retention.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Log } from '../observe/log.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { watchClock } from '../server/clock-watch.ts';
import { checkCertificates } from '../server/start-checks.ts';
import type { Store } from '../store/port.ts';
import type { InForce } from './in-force.ts';

const DAY_MS = 86_400_000;
const WATCH_MS = 30_000;
const TICKET_KEYS_MS = DAY_MS / 2;

/** The answer ends them. */
export function beginDuties(o: {
  readonly store: Store;
  readonly log: Log;
  readonly inForce: Pick<InForce, 'loaded' | 'reload' | 'renewTicketKeys'>;
}): () => void {
  const { store, log, inForce } = o;
  const loaded = (): LoadedConfig => inForce.loaded;
  const ends = [
    keepRetention({
      ...{ store, clock },
      retentionMs: () => loaded().config.audit.retention,
      failed: (error) => log.error({ error: String(error) }, 'retention could not be kept'),
    }),
    watchFiles(
      () => keyFiles(loaded()),
      () => void inForce.reload(),
    ),
    watchClock({ ...{ clock, store, log }, longestRetryMs: () => Math.max(...loaded().config.relay.retry) }),
    every(TICKET_KEYS_MS, () => void inForce.renewTicketKeys()),
    every(DAY_MS, () => warnOfCertificates(loaded(), log)),
  ];
  warnOfCertificates(loaded(), log);
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

function keyFiles({ config, path }: LoadedConfig): readonly string[] {
  const certificates = [config.tls ?? []].flat().flatMap(({ cert, key }) => [cert, key]);
  return [...certificates, ...config.dkim.map(({ key }) => key)].map(path);
}

/** Certificates and keys are renewed under our feet: looked at now and then, so that no hook is needed (DESIGN 3.12). */
function watchFiles(files: () => readonly string[], changed: () => void): () => void {
  const stamp = (): string =>
    files()
      .map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
      .join(' ');
  let seen = stamp();
  return every(WATCH_MS, () => {
    const now = stamp();
    if (now === seen) return;
    seen = now;
    changed();
  });
}

function warnOfCertificates(loaded: LoadedConfig, log: Log): void {
  const { problems, warnings } = checkCertificates(loaded, clock.now());
  for (const problem of [...problems, ...warnings]) log.warn({}, problem);
}
