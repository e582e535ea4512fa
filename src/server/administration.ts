// What use cases work on, put together from a configuration and an open store: beside the threads of a running server, or in a command where none runs.

import type { AdministrationPorts } from '../administration/ports.ts';
import type { LoadedConfig } from '../config/load.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';

export function administrationPorts({
  loaded,
  ...others
}: Pick<AdministrationPorts, 'store' | 'lookups' | 'copy'> & {
  /** In force now. Throws `ConfigError`. */
  loaded(): LoadedConfig;
}): AdministrationPorts {
  const entropy = systemEntropy();
  return {
    ...others,
    ...{ clock, entropy },
    config: () => loaded().config,
    // Few commands report anything: the others need not load what composes and signs.
    async reports() {
      const { reportsOf } = await import('./reports-of-config.ts');
      return reportsOf(loaded(), { clock, entropy });
    },
  };
}
