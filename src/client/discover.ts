// Which submission server, and in which order (requirements C-ORD-1 to C-ORD-5, G-3): what the user said, what worked last time, what the domain
// publishes, and only then the default list of RFC 5068 section 3.2, 587 first. Nothing is connected to here, and no credentials are used.

import { isIP } from '../base/network.ts';
import { DAY } from '../base/duration.ts';
import { findByAutoconfig } from './autoconfig.ts';
import { SubmissionError } from './errors.ts';
import type { Remembered } from './memory.ts';
import { type DiscoveryOptions, type DiscoverySettings, readDiscovery } from './options.ts';
import type { Candidate } from './server.ts';
import { findBySrv } from './srv.ts';

export interface DiscoveryStep {
  readonly source: Candidate['source'];
  /** What was asked, e.g. `SRV _submissions._tcp.example.org`. */
  readonly question: string;
  /** What came of it, in words. */
  readonly answer: string;
}

export interface Discovery {
  /** In the order in which they are tried; never empty. */
  readonly candidates: readonly Candidate[];
  /** What was asked, in order, and why it did or did not lead to a server. */
  readonly steps: readonly DiscoveryStep[];
}

/**
 * The submission servers for mail of `address`, best first. Asks the DNS and the domain's web server; connects to no mail server. Rejects with
 * `SubmissionError` `noServer` if the domain says that it has none, and with `badInput`.
 */
export async function discover(address: string, options: DiscoveryOptions = {}): Promise<Discovery> {
  return findCandidates(readDiscovery(address, options), true);
}

export async function findCandidates(settings: DiscoverySettings, mayRecall: boolean): Promise<Discovery> {
  const steps: DiscoveryStep[] = [];
  const candidates =
    explicitly(settings, steps) ??
    (mayRecall ? await recalled(settings, steps) : undefined) ??
    (await published(settings, steps));
  return { candidates, steps };
}

function explicitly(
  { explicit }: DiscoverySettings,
  steps: DiscoveryStep[],
): readonly Candidate[] | undefined {
  if (explicit?.port === undefined) return undefined;
  const { host, port, tls } = explicit;
  steps.push({ source: 'explicit', question: 'the setting', answer: `${host}:${port}` });
  return [named(host, port, tls ?? (port === 465 ? 'implicit' : 'starttls'), 'explicit')];
}

function named(host: string, port: number, tls: Candidate['tls'], source: Candidate['source']): Candidate {
  return { host, port, tls, source, identities: { dns: [host], srv: [] } };
}

/** Under which the memory keeps what it knows. */
export function accountKey({ explicit, account }: DiscoverySettings): string {
  return explicit === undefined ? (account?.address ?? '') : `${account?.address ?? ''} at ${explicit.host}`;
}

async function recalled(
  settings: DiscoverySettings,
  steps: DiscoveryStep[],
): Promise<readonly Candidate[] | undefined> {
  const { memory } = settings;
  if (memory === undefined) return undefined;
  const tell = (answer: string): undefined => {
    steps.push({ source: 'remembered', question: 'what worked last time', answer });
  };
  const known = await memory.recall(accountKey(settings)).catch(() => undefined);
  if (known === undefined) return tell('nothing is remembered');
  const { host, port } = known.candidate;
  const stale = staleBecause(known, settings);
  if (stale !== undefined) return tell(`${host}:${port}, but ${stale}`);
  tell(`${host}:${port}`);
  return [{ ...known.candidate, source: 'remembered' }];
}

/** A second choice is not kept for ever (C-ORD-5). */
function staleBecause(known: Remembered, { ports }: DiscoverySettings): string | undefined {
  if (known.isPreferred) return undefined;
  if (Math.abs(ports.clock.now() - known.at) > DAY) return 'a better one may be there again after a day';
  return known.networkPlace === ports.networkPlace() ? undefined : 'this is another network';
}

async function published(settings: DiscoverySettings, steps: DiscoveryStep[]): Promise<readonly Candidate[]> {
  const { explicit, account, ports } = settings;
  const domain = account?.domain ?? '';
  if (explicit !== undefined) return defaultList(settings, [explicit.host], new Set(), steps);
  if (account === undefined || isIP(domain) !== 0) return defaultList(settings, [domain], new Set(), steps);
  const bySrv = await findBySrv(domain, ports.records, ports.entropy);
  for (const detail of bySrv.details) steps.push({ source: 'srv', ...detail });
  if (bySrv.candidates.length > 0) return bySrv.candidates;
  if (bySrv.notOffered.size === 2) throw notOffered(domain);
  const byDocument = await findByAutoconfig(account, ports.documents);
  for (const detail of byDocument.details) steps.push({ source: 'autoconfig', ...detail });
  const offered = byDocument.candidates.filter(({ tls }) => !bySrv.notOffered.has(tls));
  if (offered.length > 0) return offered;
  const hosts = [`smtp.${domain}`, `mail.${domain}`, domain];
  return defaultList(settings, hosts, bySrv.notOffered, steps);
}

function notOffered(domain: string): SubmissionError {
  return new SubmissionError(
    'noServer',
    `${domain} says that it has no submission service (SRV target ".")`,
    {
      retry: 'never',
      nextStep: 'Ask who gives you mail under this address for the name of the server, and set `host`.',
    },
  );
}

/** RFC 5068 section 3.2: 587 first; both must be secured, so that the order is no question of safety (RFC 8314 section 3). */
function defaultList(
  { profile, extraPorts, explicit }: DiscoverySettings,
  hosts: readonly string[],
  notOffered: ReadonlySet<Candidate['tls']>,
  steps: DiscoveryStep[],
): readonly Candidate[] {
  const standard = [
    { port: 587, tls: 'starttls' },
    { port: 465, tls: 'implicit' },
  ] as const;
  const first = profile === 'implicit-first' ? standard.toReversed() : standard;
  const ports = [...first, ...extraPorts].filter(
    ({ tls }) => !notOffered.has(tls) && (explicit?.tls === undefined || explicit.tls === tls),
  );
  const list = hosts.flatMap((host) => ports.map(({ port, tls }) => named(host, port, tls, 'default')));
  steps.push({
    source: 'default',
    question: 'the default list',
    answer: list.map(({ host, port }) => `${host}:${port}`).join(', '),
  });
  return list;
}
