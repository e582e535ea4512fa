// A run of the probe: names → control connection → a look at each port over each family → what that says of the way there →
// the checks, one after the other → verdicts. Gentle: one connection at a time, bounded in number and time; MAIL and RCPT are
// followed by RSET. Messages go from a login to itself and are such as every server refuses; one is sent where that is asked for (`loopBack`).

import { err, ok, type Result } from '../base/result.ts';
import type { Clock } from '../platform/platform.ts';
import { addressesOf, type HostAddress } from '../platform/probe-names.ts';
import type { RecordSource } from '../platform/record-lookup.ts';
import { type DocumentSource, httpsDocuments } from '../platform/web-document.ts';
import { type Budget, createBudget } from './budget.ts';
import { checks as allChecks } from './checks/all.ts';
import type { Check, HostView, Outcome, PortCheck } from './checks/check.ts';
import { createDialler, type Dialler } from './dialler.ts';
import { loopBack, type LoopBackAnswer } from './loop-back.ts';
import { judgePath, type PathReport } from './path-state.ts';
import type { CheckReport, ControlReport, Finding, ProbeReport, Role } from './report.ts';
import { type Survey, survey } from './survey.ts';
import type { Expectation, Login, LoopBackWish, ProbePort, Target } from './target.ts';
import { causesOf, rolesOf, verdictOf } from './verdicts.ts';
import { createVisit, type Visit } from './visit.ts';

export interface ProbeOptions {
  readonly host: string;
  /** What the certificate must be for; default: the host. */
  readonly name?: string;
  /** Whose mail it takes in; default: the host's name without its first label. */
  readonly domain?: string;
  /** Default: 587 with STARTTLS, 465 with TLS. */
  readonly ports?: readonly ProbePort[];
  /** Where a connection must work if there is a network at all; default: port 443 of the host. */
  readonly control?: { readonly host: string; readonly port: number };
  readonly login?: Login;
  /** Needs `login`. */
  readonly loopBack?: LoopBackWish;
  readonly expected?: Expectation;
  /** Trusted besides the system's certificates, PEM. */
  readonly ca?: string;
  readonly ehloName?: string;
  /** Of the whole run, ms. */
  readonly totalMs?: number;
  readonly connectMs?: number;
  /** For each reply, ms. */
  readonly stepMs?: number;
  readonly connections?: number;
  /** Own address for all connections, where it is of the same family. */
  readonly from?: string;
  /** By the server itself: only what its ports show, no names are asked for, nothing that a guard of the server counts. */
  readonly atHome?: boolean;
}

export interface ProbeTools {
  readonly clock: Clock;
  readonly records: RecordSource;
  /** Default: over HTTPS, `ca` trusted besides. */
  readonly documents?: DocumentSource;
}

export const PROBE_LIMITS = { totalMs: 120_000, connectMs: 8_000, stepMs: 10_000, connections: 120 } as const;
export const STANDARD_PORTS: readonly ProbePort[] = [
  { port: 587, kind: 'starttls' },
  { port: 465, kind: 'implicit' },
];

/** The error says why nothing could be probed. Never rejects. */
export async function probe(options: ProbeOptions, tools: ProbeTools): Promise<Result<ProbeReport>> {
  const limits = { ...PROBE_LIMITS, ...options };
  const startedAt = tools.clock.now();
  const found = await namesOf(options, startedAt);
  if (!found.ok) return found;
  const target = found.value;
  const budget = createBudget(tools.clock, limits);
  const dialler = createDialler({
    ...limits,
    clock: tools.clock,
    budget,
    ehloName: target.ehloName,
    from: options.from,
  });

  const control = await controls(options, target, dialler);
  const surveys = await lookAtAll(target, dialler);
  const paths = surveys.map((one) => pathOf(one, surveys, control, target));
  const visits = visitsOf(surveys, dialler, target);
  let sent: Promise<LoopBackAnswer> | undefined;
  const view: HostView = {
    ...{ target, surveys, records: tools.records },
    loopBack: () =>
      (sent ??= loopBack(target, visits, { clock: tools.clock, step: (ms) => budget.step(ms) })),
    documents: inTime(tools.documents ?? httpsDocuments(options.ca), budget),
  };
  const chosen = allChecks.filter(
    ({ leavesTraces, on }) => options.atHome !== true || (leavesTraces !== true && on !== 'host'),
  );
  const checks = await runChecks(chosen, visits, view);
  const wanted: readonly Role[] = target.ports.some(({ kind }) => kind === 'mx')
    ? ['msa', 'mx', 'network']
    : ['msa', 'network'];
  const roles = rolesOf(wanted, checks, paths);
  return ok({
    ...{ format: 1, host: target.host, name: target.name, domain: target.domain, startedAt },
    ...{ durationMs: budget.elapsed, connections: budget.connections, ...verdictOf(roles) },
    ...{ roles, causes: causesOf(checks, paths), control, paths, checks, transcripts: dialler.transcripts },
  });
}

async function namesOf(options: ProbeOptions, now: number): Promise<Result<Target>> {
  const { host } = options;
  let addresses: readonly HostAddress[];
  try {
    addresses = await addressesOf(host);
  } catch (error) {
    return err(`${host} has no address: ${error instanceof Error ? error.message : String(error)}`);
  }
  const name = options.name ?? host;
  const labels = name.split('.');
  const domain = options.domain ?? (labels.length > 2 ? labels.slice(1).join('.') : name);
  return ok({
    ...{ host, addresses, name, domain, domainIsGuess: options.domain === undefined, now },
    ehloName: options.ehloName ?? '[127.0.0.1]',
    ports: options.ports ?? STANDARD_PORTS,
    localRecipient: `postmaster@${domain}`,
    // Reserved (RFC 2606): even a server that takes it can deliver it to nobody.
    remoteRecipient: 'postern-probe@example.net',
    expected: options.expected ?? {},
    ...(options.atHome === undefined ? {} : { atHome: options.atHome }),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    ...(options.login === undefined ? {} : { login: options.login }),
    ...(options.loopBack === undefined ? {} : { loopBack: options.loopBack }),
  });
}

function inTime(documents: DocumentSource, budget: Budget): DocumentSource {
  return {
    fetch: (url, limits) => documents.fetch(url, { ...limits, timeoutMs: budget.step(limits.timeoutMs) }),
  };
}

const FAMILIES = [4, 6] as const;

async function controls(
  options: ProbeOptions,
  target: Target,
  dialler: Dialler,
): Promise<readonly ControlReport[]> {
  if (options.atHome === true) return [];
  const { host, port } = options.control ?? { host: target.host, port: 443 };
  const addresses =
    options.control === undefined ? target.addresses : await addressesOf(host).catch(() => []);
  const reports: ControlReport[] = [];
  for (const family of FAMILIES) {
    const at = addresses.find((one) => one.family === family);
    if (at === undefined || !target.addresses.some((one) => one.family === family)) continue;
    const state = await dialler.touch(at, port);
    // A refusal also shows that packets go there and back.
    const works = state === 'open' || state === 'refused';
    reports.push({ host, port, family, works, detail: `${at.address} port ${port}: ${state}` });
  }
  return reports;
}

async function lookAtAll(target: Target, dialler: Dialler): Promise<readonly Survey[]> {
  const surveys: Survey[] = [];
  for (const port of target.ports)
    for (const family of FAMILIES) {
      const exists = port.address !== undefined || target.addresses.some((one) => one.family === family);
      if (exists) surveys.push(await survey(dialler, target, port, family));
    }
  return surveys.filter(({ reach }) => reach !== 'noAddress');
}

function pathOf(
  found: Survey,
  surveys: readonly Survey[],
  control: readonly ControlReport[],
  { expected }: Target,
): PathReport {
  const controlWorks = control.find(({ family }) => family === found.family)?.works;
  return judgePath(found, { controlWorks, expected, others: surveys.filter((one) => one !== found) });
}

/** One for each port: over the first family that speaks SMTP. */
function visitsOf(surveys: readonly Survey[], dialler: Dialler, target: Target): readonly Visit[] {
  return target.ports.flatMap((port) => {
    const found = surveys.find(
      (one) => one.port === port && (typeof one.clear === 'object' || typeof one.inside === 'object'),
    );
    return found?.at === undefined ? [] : [createVisit(dialler, target, found, found.at)];
  });
}

async function runChecks(
  checks: readonly Check[],
  visits: readonly Visit[],
  view: HostView,
): Promise<readonly CheckReport[]> {
  const reports: CheckReport[] = [];
  for (const check of checks) {
    const findings: Finding[] = [];
    if (check.on === 'host') findings.push(await outcomeOf(() => check.run(view)));
    else
      for (const visit of visits.filter(({ port }) => isOn(check, port)))
        findings.push({ port: visit.port.port, ...(await outcomeOf(() => check.run(visit))) });
    const { id, role, level, source, requirements, title, why, mend } = check;
    reports.push({ id, role, level, source, requirements, title, why, mend, findings });
  }
  return reports;
}

function isOn({ on }: PortCheck, { kind }: ProbePort): boolean {
  return on.includes(kind);
}

/** An unexpected error of a check is reported as such; the other checks go on. */
async function outcomeOf(run: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await run();
  } catch (error) {
    return {
      verdict: 'unknown',
      seen: `the check broke off: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
