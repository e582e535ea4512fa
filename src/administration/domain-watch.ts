// Asks the DNS for our domains now and then, one after the other, so that it is known how each of them is without anybody asking.

import type { DomainCheck } from '../onboarding/domain-checks.ts';
import type { Clock } from '../platform/platform.ts';
import { badRecords, wantedNow } from './domains.ts';
import type { AdministrationPorts } from './ports.ts';

/** Of our domains, by name. Those after them are asked for when somebody wants it. */
export const WATCHED_MAX = 500;
/** Between two domains, and before the first one, ms. */
const PACE_MS = 10_000;
const FIRST_MS = 120_000;
/** What was right is asked for again after this time, ms; what was not, sooner: somebody may be mending it. */
const RIGHT_AGE_MS = 6 * 3_600_000;
const WRONG_AGE_MS = 3_600_000;

/** How our domains were when they were asked for last. */
export interface DomainStates {
  readonly watched: number;
  /** Since the start. */
  readonly asked: number;
  /** Domains that lack a record which is needed, or have another. */
  readonly wrong: number;
  /** Domains of which the DNS did not tell everything. */
  readonly unknown: number;
}

type Ports = Pick<AdministrationPorts, 'config' | 'domainChecks' | 'dkimKeys'>;

/** Names that nobody can have (RFC 2606, RFC 6761) are asked for by nobody but people. */
export function isForExamples(domain: string): boolean {
  return /(?:^|\.)(?:test|example|invalid|localhost|example\.(?:com|net|org))$/.test(domain);
}

export function watchedOf(domains: readonly string[]): readonly string[] {
  return domains
    .filter((domain) => !isForExamples(domain))
    .toSorted()
    .slice(0, WATCHED_MAX);
}

/** `told`: hears at first, and when they are others. Returns a function that ends it. */
export function watchDomains(
  ports: Ports,
  {
    clock,
    told,
    failed,
  }: { readonly clock: Clock; told(states: DomainStates): void; failed(error: unknown): void },
): () => void {
  let last = '';
  let after = '';
  let hasEnded = false;
  let cancel = clock.after(FIRST_MS, () => void turn());
  tell();

  function tell(): void {
    const states = statesOf(ports);
    const text = JSON.stringify(states);
    if (text === last) return;
    last = text;
    told(states);
  }

  async function turn(): Promise<void> {
    try {
      const domain = nextDue(ports, clock.now(), after);
      if (domain !== undefined) {
        after = domain;
        await ports.domainChecks.check(domain, () => wantedNow(ports, domain));
      }
      if (!hasEnded) tell();
    } catch (error) {
      // People ask for so many that this one has to wait for its next turn.
      if (!(error instanceof Error && error.name === 'TooManyChecks')) failed(error);
    }
    if (!hasEnded) cancel = clock.after(PACE_MS, () => void turn());
  }

  return () => {
    hasEnded = true;
    cancel();
  };
}

/** The next one in turn after this one: one that fails holds up no other. */
function nextDue({ config, domainChecks }: Ports, now: number, after: string): string | undefined {
  const due = watchedOf(config().domains).filter((domain) => isDue(domainChecks.last(domain), now));
  return due.find((domain) => domain > after) ?? due[0];
}

function isDue(check: DomainCheck | undefined, now: number): boolean {
  if (check === undefined) return true;
  const isRight = check.records.every(({ verdict }) => verdict === 'right');
  return Math.abs(now - check.checkedAt) >= (isRight ? RIGHT_AGE_MS : WRONG_AGE_MS);
}

function statesOf({ config, domainChecks }: Ports): DomainStates {
  const watched = watchedOf(config().domains);
  const asked = watched.flatMap((domain) => domainChecks.last(domain) ?? []);
  return {
    watched: watched.length,
    asked: asked.length,
    wrong: asked.filter((check) => badRecords(check).length > 0).length,
    unknown: asked.filter(({ records }) => records.some(({ verdict }) => verdict === 'unknown')).length,
  };
}
