// What use cases work on, put together from a configuration and an open store: beside the threads of a running server, or in a command where none runs.

import type { AdministrationPorts } from '../administration/ports.ts';
import { type LastVerified, Verifier } from '../audit/verifier.ts';
import type { LoadedConfig } from '../config/load.ts';
import { nextHops } from './next-hops.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { DomainChecks } from '../onboarding/domain-checks.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { systemRecords } from '../platform/record-lookup.ts';

export function administrationPorts({
  loaded,
  verified,
  ...others
}: Pick<AdministrationPorts, 'store' | 'lookups' | 'copy'> & {
  /** In force now. Throws `ConfigError`. */
  loaded(): LoadedConfig;
  /** Hears of each verification of the trail that came to its end. */
  verified?(this: void, last: LastVerified): void;
}): AdministrationPorts {
  const entropy = systemEntropy();
  return {
    ...others,
    ...{ clock, entropy },
    verifier: new Verifier(
      {
        ...{ now: () => clock.now(), monotonic: () => clock.monotonic() },
        rest: (ms) => new Promise((resolve) => clock.after(ms, resolve)),
      },
      verified,
    ),
    domainChecks: new DomainChecks(clock, () => systemRecords()),
    // Keys are read for few who ask.
    async dkimKeys(domain) {
      const { publishedKeys } = await import('./dkim-keys.ts');
      return publishedKeys(loaded(), domain);
    },
    config: () => loaded().config,
    written: loaded,
    nextHops: () => nextHops(loaded().config),
    // Few commands report anything: the others need not load what composes and signs.
    async reports() {
      const { reportsOf } = await import('./reports-of-config.ts');
      return reportsOf(loaded(), { clock, entropy });
    },
  };
}
