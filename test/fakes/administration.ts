// Use cases on a store in memory: who acts, what they work on, and what they left in the trail.

import type { Actor } from '../../src/administration/actor.ts';
import { type FailureKind, UseCaseFailure } from '../../src/administration/failure.ts';
import type { AdministrationPorts } from '../../src/administration/ports.ts';
import { type Administration, administrationOf } from '../../src/administration/use-cases.ts';
import { Verifier } from '../../src/audit/verifier.ts';
import { parseConfig } from '../../src/config/load.ts';
import { DomainChecks } from '../../src/onboarding/domain-checks.ts';
import type { RecordSource } from '../../src/platform/record-lookup.ts';
import type { TrailEvent } from '../../src/record/events.ts';
import { administrationPorts } from '../../src/server/administration.ts';
import { openMemoryStore } from '../../src/store/memory/store.ts';
import { countedEntropy, START } from '../../src/store/store.contract-fixtures.ts';
import { type VirtualClock, virtualClock } from './clock.ts';

export const ROOT: Actor = { who: 'root', through: 'command line', role: 'admin', reason: 'ticket 4711' };
export const BY_ROOT = 'root (command line)';

const noRecords: RecordSource = { lookup: () => Promise.resolve({ type: 'answer', records: [] }) };

export interface Office extends Administration {
  readonly ports: AdministrationPorts;
  readonly clock: VirtualClock;
  /** All of it, oldest first. */
  trail(): Promise<readonly TrailEvent[]>;
  /** The payload of the newest event. */
  newest(): Promise<TrailEvent['payload']>;
}

/** Some thousand tests have the same. */
const configs = new Map<string, ReturnType<typeof parseConfig>>();

function configOf(text: string): ReturnType<typeof parseConfig> {
  const config = configs.get(text) ?? parseConfig(text, 'postern.yaml');
  configs.set(text, config);
  return config;
}

/** `extra`: lines of the configuration. */
export function openOffice({
  extra = [],
  domains = ['example.org'],
  actor = ROOT,
  records = noRecords,
  ...changed
}: Partial<AdministrationPorts> & {
  readonly extra?: readonly string[];
  readonly domains?: readonly string[];
  readonly actor?: Actor;
  /** The DNS. */
  readonly records?: RecordSource;
} = {}): Office {
  const clock = virtualClock(START);
  const { store, lookups } = openMemoryStore({ clock, entropy: countedEntropy() });
  const lines = [
    'hostname: msa.example.org',
    `domains: [${domains.join(', ')}]`,
    'tls: { cert: cert.pem, key: key.pem }',
    'relay: { files: ./outbox }',
    ...extra,
  ];
  const config = configOf(lines.join('\n'));
  const loaded = {
    ...{ file: 'postern.yaml', directory: '/', config },
    path: (relative: string) => `/${relative}`,
  };
  const ports: AdministrationPorts = {
    ...administrationPorts({
      ...{ store, lookups, loaded: () => loaded },
      copy: () => Promise.reject(new Error('not asked here')),
    }),
    ...{ clock, entropy: countedEntropy() },
    verifier: new Verifier({
      ...{ now: () => clock.now(), monotonic: () => clock.monotonic(), rest: () => Promise.resolve() },
    }),
    domainChecks: new DomainChecks(clock, () => records),
    nearLimits: () => Promise.resolve([]),
    ...changed,
  };
  const trail = (): Promise<readonly TrailEvent[]> => lookups.events({ max: 1000 });
  return {
    ...administrationOf(ports, actor),
    ...{ ports, clock, trail },
    newest: async () => (await trail()).at(-1)?.payload,
  };
}

/** For `assert.rejects`. */
export function failsWith(kind: FailureKind, message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof UseCaseFailure && error.kind === kind && message.test(error.message);
}

export async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts).toString();
}
