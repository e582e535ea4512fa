// What nodes on one store must have configured alike, because it would matter to which of them a client or a message comes: digests of it, by key of the configuration, and where those differ.
// What goes by the size of a machine may differ. A node tells nothing of what it does not serve. Passwords are left out.

import { createHash } from 'node:crypto';
import type { LoadedConfig } from '../config/load.ts';
import { type Role, serves } from '../config/roles.ts';
import type { NodeLife } from '../store/nodes.ts';
import type { FrontPlan } from './plan.ts';

/** By key: which roles look at it; none: all of them. */
const alike = {
  domains: [],
  mailboxes: [],
  postmaster: [],
  limits: [],
  audit: [],
  mechanisms: ['submission'],
  received: ['submission'],
  displayNames: ['submission'],
  relay: ['relay'],
} as const satisfies Partial<Record<keyof LoadedConfig['config'], readonly Role[]>>;

/** Of the size of a machine, where things lie there, or a secret. */
const ofOneNode = new Set([
  ...['connections', 'freeSpace', 'incomingMemory', 'relayMemory'],
  ...['ca', 'files', 'password'],
]);

/** By key of the configuration. */
export function digestsOf(
  loaded: LoadedConfig,
  { dkim, certificates, hostname }: Pick<FrontPlan, 'dkim' | 'certificates' | 'hostname'>,
): Readonly<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const key of Object.keys(alike) as (keyof typeof alike)[]) {
    const roles: readonly Role[] = alike[key];
    if (roles.length === 0 || roles.some((role) => serves(loaded, role)))
      digests[key] = digestOf(loaded.config[key]);
  }
  if (serves(loaded, 'submission') || serves(loaded, 'relay'))
    digests['dkim'] = digestOf(dkim.map(({ pem: _pem, ...shown }) => shown));
  // Of another name, a node has others.
  if (certificates.length > 0) digests[`tls of ${hostname}`] = digestOf(certificates.map(({ cert }) => cert));
  return digests;
}

function digestOf(value: unknown): string {
  const text = JSON.stringify(value ?? null, (key, inner: unknown) => {
    if (ofOneNode.has(key)) return undefined;
    const isGroup = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    // In what order keys stand in a file says nothing.
    return isGroup ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner;
  });
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

export interface Difference {
  /** A key of the configuration. */
  readonly subject: string;
  /** Nodes that have the same, one group for each way in which it is configured. */
  readonly groups: readonly (readonly string[])[];
}

/** Of nodes that live, and of one version: another one may have other keys, or other defaults. */
export function differencesOf(lives: readonly NodeLife[]): readonly Difference[] {
  const alive = lives.flatMap(({ node, state, facts }) =>
    facts === undefined || state !== 'alive' ? [] : [{ node, ...facts }],
  );
  const subjects = new Set(alive.flatMap(({ digests }) => Object.keys(digests)));
  const found: Difference[] = [];
  for (const subject of [...subjects].sort())
    for (const ofVersion of Map.groupBy(alive, ({ version }) => version).values()) {
      const told = ofVersion.filter(({ digests }) => digests[subject] !== undefined);
      const ways = [...Map.groupBy(told, ({ digests }) => digests[subject]).values()];
      if (ways.length > 1)
        found.push({ subject, groups: ways.map((some) => [...new Set(some.map(({ node }) => node))]) });
    }
  return found;
}

export function differenceInWords({ subject, groups }: Difference): string {
  return `${subject}: ${groups.map((nodes) => nodes.join(', ')).join(' / ')}`;
}
