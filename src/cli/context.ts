// What a command works on: the configuration, and the store: of the running server over its control socket, or opened here if none runs.

import { findConfig } from '../config/find.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { connectControl, type ControlClient } from '../http/control-client.ts';
import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Store } from '../store/port.ts';
import type { OpenStore } from '../store/sqlite/open.ts';
import { operator } from './operator.ts';

export interface ConfigOption {
  readonly config?: string;
}

export interface CommandContext {
  readonly loaded: LoadedConfig;
  readonly store: Store;
  readonly lookups: Lookups;
  /** The running server, if one runs. */
  readonly server?: ControlClient;
  /** The store as opened here, if no server runs. */
  readonly offline?: OpenStore;
  /** Who does it, for the trail. */
  readonly by: string;
  readonly now: number;
}

/** What a command that only asks works on. It may not have read the whole configuration (src/cli/quick.ts). */
export interface LookContext extends Pick<CommandContext, 'store' | 'lookups' | 'by' | 'now'> {
  /** `audit.requireReason`. */
  readonly requireReason: boolean;
  whole(): Promise<LoadedConfig>;
}

export function loadForCommand({ config }: ConfigOption): LoadedConfig {
  return loadConfig(findConfig(config, process.env));
}

export async function withStore<T>(
  option: ConfigOption,
  run: (context: CommandContext) => Promise<T>,
): Promise<T> {
  const loaded = loadForCommand(option);
  const dataDirectory = loaded.path(loaded.config.data);
  const shared = { loaded, by: operator(), now: systemClock.now() };
  const server = await connectControl(dataDirectory);
  if (server !== undefined) return run({ ...shared, server, store: server.store, lookups: server.lookups });
  // Beside a running server nobody needs the engine.
  const { leaveToOwner, lockDirectory } = await import('../store/sqlite/data-directory.ts');
  const { openSqliteStore } = await import('../store/sqlite/open.ts');
  const unlock = lockDirectory(dataDirectory);
  const offline = openSqliteStore({ dataDirectory, clock: systemClock, entropy: systemEntropy() });
  try {
    return await run({ ...shared, offline, store: offline.store, lookups: offline.lookups });
  } finally {
    offline.close();
    unlock();
    leaveToOwner(dataDirectory);
  }
}

export function withLookups<T>(option: ConfigOption, run: (context: LookContext) => Promise<T>): Promise<T> {
  return withStore(option, (context) =>
    run({
      ...context,
      requireReason: context.loaded.config.audit.requireReason,
      whole: () => Promise.resolve(context.loaded),
    }),
  );
}
