// The use cases where no server runs: on the store, which this process opens, in the name of its own user.

import { administrationOf } from '../administration/use-cases.ts';
import type { LoadedConfig } from '../config/load.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { administrationPorts } from '../server/administration.ts';
import type { Engine } from '../store/engine.ts';
import type { LookContext } from './context.ts';

export type OpenAdministration = Pick<LookContext, 'lookups' | 'administration'> & { close(): void };

/** The lock of the engine must be held. `copyIn`: the directory that has room for a copy of the store; absent: beside it. */
export async function openAdministration(
  loaded: LoadedConfig,
  engine: Engine,
  who: string,
  copyIn?: string,
): Promise<OpenAdministration> {
  const { store, lookups, copy, close } = await engine.open({ clock, entropy: systemEntropy() });
  const ports = administrationPorts({
    ...{ store, lookups, loaded: () => loaded },
    copy: async () => (await engine.backups()).stage(copy, copyIn),
  });
  const actor = { who, through: 'command line', role: 'admin' } as const;
  return {
    lookups,
    administration: (reason) =>
      administrationOf(ports, { ...actor, ...(reason === undefined ? {} : { reason }) }),
    close,
  };
}
