// A server's probe of itself: the checks that need no login and leave nothing behind, on its own listeners. Findings are sorted into those that must
// end the server, because strangers get in, those that its operator should know, and those without a clear answer.

import type { Clock } from '../platform/platform.ts';
import { checks as allChecks } from './checks/all.ts';
import type { ProbeReport } from './report.ts';
import { probe } from './run.ts';
import type { ProbePort } from './target.ts';

/** Of a whole self-test, however many listeners there are. */
const TOTAL_MS = 20_000;
const CONNECT_MS = 3_000;
const STEP_MS = 5_000;
const CONNECTIONS_PER_PORT = 40;

export interface SelfTestOptions {
  readonly hostname: string;
  /** A domain of ours. */
  readonly domain: string;
  /** Each with the address at which it can be reached from here. */
  readonly ports: readonly ProbePort[];
  readonly from?: string;
  /** PEM, trusted besides the system's authorities. */
  readonly ca?: string;
}

export interface SelfTestFinding {
  /** Id of the check, or state of the path. */
  readonly check: string;
  readonly port?: number;
  readonly seen: string;
  /** What the operator can do about it, if anything. */
  readonly mend?: string;
}

export interface SelfTestReport {
  /** Strangers get in. */
  readonly open: readonly SelfTestFinding[];
  /** A requirement is not met, but strangers don't get in. */
  readonly unmet: readonly SelfTestFinding[];
  /** A check whether strangers get in had no clear answer, or a listener could not be reached. */
  readonly unsure: readonly SelfTestFinding[];
  readonly connections: number;
  readonly durationMs: number;
}

const doorChecks = new Set(allChecks.filter((check) => check.guardsTheDoor === true).map(({ id }) => id));

/** Never rejects. */
export async function probeSelf(options: SelfTestOptions, clock: Clock): Promise<SelfTestReport> {
  const { hostname, domain, ports, from, ca } = options;
  const noRecords = { lookup: () => Promise.resolve({ type: 'failed' as const, cause: 'not asked' }) };
  const result = await probe(
    {
      ...{ host: '127.0.0.1', name: hostname, domain, ports, atHome: true, ehloName: 'self-test.invalid' },
      ...{ totalMs: TOTAL_MS, connectMs: CONNECT_MS, stepMs: STEP_MS },
      connections: CONNECTIONS_PER_PORT * ports.length,
      ...(from === undefined ? {} : { from }),
      ...(ca === undefined ? {} : { ca }),
    },
    { clock, records: noRecords },
  );
  if (result.ok) return sorted(result.value);
  const unsure = [{ check: 'no-network', seen: result.error }];
  return { open: [], unmet: [], unsure, connections: 0, durationMs: 0 };
}

/** Pure. */
export function sorted({ checks, paths, connections, durationMs }: ProbeReport): SelfTestReport {
  const all = checks.flatMap(({ id, mend, findings }) =>
    findings.map(({ port, verdict, seen }) => ({
      verdict,
      isDoor: doorChecks.has(id),
      finding: {
        ...{ check: id, seen },
        ...(port === undefined ? {} : { port }),
        ...(mend.postern === undefined ? {} : { mend: mend.postern }),
      },
    })),
  );
  const ways = paths
    .filter(({ state }) => state !== 'open')
    .map(({ port, state, because }) => ({ check: state, port, seen: because }));
  const pick = (verdict: string, isDoor: boolean): readonly SelfTestFinding[] =>
    all.filter((one) => one.verdict === verdict && one.isDoor === isDoor).map(({ finding }) => finding);
  return {
    open: pick('fail', true),
    unmet: pick('fail', false),
    unsure: [...pick('unknown', true), ...ways],
    ...{ connections, durationMs },
  };
}
