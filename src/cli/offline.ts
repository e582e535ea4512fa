// The use cases where no server runs: on the store, which this process opens, in the name of its own user.

import { administrationOf } from '../administration/use-cases.ts';
import type { LoadedConfig } from '../config/load.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { administrationPorts } from '../server/administration.ts';
import { stageBackup } from '../store/sqlite/backup-stage.ts';
import { copyStore } from '../store/sqlite/backup.ts';
import { openSqliteStore } from '../store/sqlite/open.ts';
import type { LookContext } from './context.ts';

/** The lock of the data directory must be held. `copyIn`: the directory that has room for a copy of the store. */
export function openAdministration(
  loaded: LoadedConfig,
  who: string,
  copyIn: string,
): Pick<LookContext, 'lookups' | 'administration'> & { close(): void } {
  const dataDirectory = loaded.path(loaded.config.data);
  const { store, lookups, writer, close } = openSqliteStore({
    ...{ dataDirectory, clock, entropy: systemEntropy() },
  });
  const ports = administrationPorts({
    ...{ store, lookups, loaded: () => loaded },
    copy: () => stageBackup(copyIn, (path) => copyStore(writer, dataDirectory, path)),
  });
  const actor = { who, through: 'command line', role: 'operator' } as const;
  return {
    lookups,
    administration: (reason) =>
      administrationOf(ports, { ...actor, ...(reason === undefined ? {} : { reason }) }),
    close,
  };
}
