// What use cases work on: the store, the configuration in force, and what writes reports and copies.

import type { Verifier } from '../audit/verifier.ts';
import type { LoadedConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { PublishedKey } from '../onboarding/dns-records.ts';
import type { DomainChecks } from '../onboarding/domain-checks.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { IdentityId } from '../record/identity.ts';
import type { ReportWriter } from '../relay/reports.ts';
import type { RelaySettings } from '../relay/settings.ts';
import type { HopDomains } from '../store/hop-domains.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Store } from '../store/port.ts';
import type { Turns } from './turns.ts';

export interface AdministrationPorts {
  readonly store: Pick<Store, 'commit'>;
  readonly lookups: Lookups;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  /** Of this process. */
  readonly verifier: Pick<Verifier, 'start' | 'stop' | 'view'>;
  /** Of this process. */
  readonly domainChecks: Pick<DomainChecks, 'last' | 'check' | 'texts'>;
  /** What of the keys that sign for a domain is published. Rejects with `ConfigError` if one can't be read. */
  dkimKeys(domain: string): Promise<readonly PublishedKey[]>;
  /** In force now. Throws `ConfigError` if there is none that can be read. */
  config(): Config;
  /** Where it is written. */
  written(): Pick<LoadedConfig, 'file' | 'lines' | 'waiting'>;
  reports(): Promise<{
    readonly settings: Pick<RelaySettings, 'expireMs'>;
    readonly writer: Pick<ReportWriter, 'write'>;
  }>;
  /** Of the client that shows a second factor; absent: none is shown through this door. */
  readonly factorGuard?: FactorGuard;
  /** By the configuration in force: of each domain one takes the mail. */
  nextHops(): readonly HopDomains[];
  /** How the server is; absent: none runs. */
  condition?(): Promise<object>;
  /** Whose sending limits came near their end, as the running server knows; who was charged last stands first. Absent: none runs. */
  nearLimits?(): Promise<readonly IdentityId[]>;
  /** For what reads much; absent: nobody waits for his turn. */
  readonly turns?: Turns;
  /** A copy of the store, in pieces. Whoever asks closes it, whether it was read or not. */
  copy(): Promise<{ readonly content: AsyncIterable<Uint8Array>; close(): Promise<void> }>;
}

/** Against guessing at second factors. */
export interface FactorGuard {
  /** What is shown counts as wrong until its end is told. Undefined: too many wrong ones came, and it is not to be looked at. Throws `UseCaseFailure`. */
  begin(tried: FactorTry): Promise<FactorAttempt | undefined>;
}

export interface FactorTry {
  readonly identityId: IdentityId;
  readonly login: string;
  readonly what: 'code' | 'passkey';
  readonly shown: string;
}

export interface FactorAttempt {
  /** A wrong one is answered late, and recorded. `notJudged`: something else failed. */
  end(came: 'right' | 'wrong' | 'notLookedAt' | 'notJudged'): Promise<void>;
}
