// The self-test of a running server: once it listens, and after each reload, the checks of the probe look at its own listeners over
// loopback. The policy probes before the start judge the rules; this judges what strangers meet on the wire. It runs beside the mail, and only what
// lets strangers in ends the server.
//
// It comes from an address of 127.0.0.0/8 drawn for each test: so it has its own share of connections, takes no part in anybody's count of
// failures, and the fronts know its sessions.

import { randomBytes } from 'node:crypto';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../platform/platform.ts';
import type { SelfTestFinding, SelfTestReport } from '../probe/self-test.ts';
import type { ProbePort } from '../probe/target.ts';
import type { FrontPlan, ListenerPlan } from './plan.ts';

type ListenerFacts = Omit<ListenerPlan, 'address'> & { readonly address?: string | undefined };

export interface SelfTestStatus {
  readonly verdict: 'not run' | 'running' | 'passed' | 'degraded' | 'could not tell' | 'open';
  /** Milliseconds since the epoch; absent before the first is done. */
  readonly at?: number;
  /** A sentence each. */
  readonly findings: readonly string[];
}

export interface SelfTest {
  /** Begins a test; while one runs, another follows it. */
  begin(): void;
  /** Results from now on are ignored. */
  stop(): void;
  readonly status: SelfTestStatus;
}

export interface SelfTestTools {
  readonly clock: Clock;
  readonly log: Log;
  /** As configured now. */
  facts(): Pick<FrontPlan, 'hostname' | 'domains'> & { readonly listeners: readonly ListenerFacts[] };
  /** Tells the fronts where it comes from; undefined: it is over. */
  comesFrom(address: string | undefined): Promise<void>;
  /** PEM of an authority to trust besides the system's: the demo's own. */
  readonly ca?: string | undefined;
  /** Strangers get in: the server must end. */
  isOpen(because: string): void;
}

export function createSelfTest(tools: SelfTestTools): SelfTest {
  const { clock, log } = tools;
  let status: SelfTestStatus = { verdict: 'not run', findings: [] };
  let stopped = false;
  let wanted = 0;

  async function runAll(): Promise<void> {
    while (wanted > 0 && !stopped) {
      wanted = 1;
      status = { ...status, verdict: 'running' };
      const report = await runOnce(tools);
      wanted -= 1;
      if (!stopped) conclude(report);
    }
  }

  function conclude(report: SelfTestReport): void {
    const { open, unmet, unsure, connections, durationMs } = report;
    status = {
      verdict: verdictOf(report),
      at: clock.now(),
      findings: [...open, ...unmet, ...unsure].map(sentence),
    };
    for (const finding of unmet) log.warn({ ...finding }, 'self-test: a requirement is not met');
    for (const finding of unsure) log.warn({ ...finding }, 'self-test: could not tell');
    for (const finding of open) log.fatal({ ...finding }, 'self-test: strangers get in');
    log.info({ verdict: status.verdict, connections, ms: durationMs }, 'self-test done');
    if (open.length > 0) tools.isOpen(`the self-test found the door open: ${open.map(sentence).join('; ')}`);
  }

  return {
    begin() {
      // A node that only relays.
      if (portsOf(tools.facts().listeners).length === 0) return;
      wanted += 1;
      if (wanted > 1) return;
      void runAll().catch((error: unknown) => {
        wanted = 0;
        status = { verdict: 'could not tell', at: clock.now(), findings: [String(error)] };
        if (!stopped) log.error({ error: String(error) }, 'the self-test broke off');
      });
    },
    stop: () => void (stopped = true),
    get status() {
      return status;
    },
  };
}

/** The probe is loaded only here: no other part of a server needs it. */
async function runOnce({ clock, facts, comesFrom, ca }: SelfTestTools): Promise<SelfTestReport> {
  const { hostname, domains, listeners } = facts();
  const { probeSelf } = await import('../probe/self-test.ts');
  const from = ownAddress(randomBytes(3));
  await comesFrom(from);
  try {
    const trusted = ca === undefined ? {} : { ca };
    const options = { hostname, domain: domains[0] ?? hostname, ports: portsOf(listeners), from, ...trusted };
    return await probeSelf(options, clock);
  } finally {
    await comesFrom(undefined);
  }
}

/** Not of 127.0.0.0/16, where others of this machine live. */
export function ownAddress([one = 0, two = 0, three = 0]: Uint8Array): string {
  return `127.${1 + (one % 254)}.${two}.${1 + (three % 254)}`;
}

const kinds = { starttls: 'starttls', implicit: 'implicit', none: 'mx' } as const;

/** Each listener at the address it has, all addresses by loopback. Role mx with TLS from the start is nothing that the probe knows. */
export function portsOf(listeners: readonly ListenerFacts[]): readonly ProbePort[] {
  return listeners
    .filter(({ role, tls }) => role === 'submission' || tls !== 'implicit')
    .map(({ address, port, role, tls }) => ({
      port,
      kind: role === 'mx' ? 'mx' : kinds[tls],
      address: address === undefined || address === '0.0.0.0' || address === '::' ? '127.0.0.1' : address,
    }));
}

function verdictOf({ open, unmet, unsure }: SelfTestReport): SelfTestStatus['verdict'] {
  if (open.length > 0) return 'open';
  if (unsure.length > 0) return 'could not tell';
  return unmet.length > 0 ? 'degraded' : 'passed';
}

function sentence({ check, port, seen, mend }: SelfTestFinding): string {
  return `${check}${port === undefined ? '' : ` (port ${port})`}: ${seen}${mend === undefined ? '' : `; to mend it: ${mend}`}`;
}
