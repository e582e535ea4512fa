// What a command works on: the configuration, and the store, either over the control socket of the running server or opened here if none runs.

import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { safeLines } from '../base/safe-text.ts';
import { ConfigError, findConfig } from '../config/find.ts';
import { dataDirectoryIn, loadConfig, type LoadedConfig } from '../config/load.ts';
import { connectControl, type ControlClient } from '../http/control-client.ts';
import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Store } from '../store/port.ts';
import type { OpenStore } from '../store/sqlite/open.ts';
import { CommandFailure } from './failure.ts';
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
  /** The operator, for the trail. */
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

/** `makes`: a store that is not there is made; to others its absence is a mistake in `data:`, and nothing is made. */
export async function withStore<T>(
  option: ConfigOption,
  run: (context: CommandContext) => Promise<T>,
  { makes = false }: { readonly makes?: boolean } = {},
): Promise<T> {
  const file = findConfig(option.config, process.env);
  const shared = { by: operator(), now: systemClock.now() };
  const server = await connectControl(dataDirectoryIn(file));
  if (server !== undefined) return run(besideServer(file, server, shared));
  const loaded = loadConfig(file);
  const dataDirectory = loaded.path(loaded.config.data);
  // With a running server the engine is not needed.
  const { leaveToOwner } = await import('../store/sqlite/data-directory.ts');
  const { openSqliteStore } = await import('../store/sqlite/open.ts');
  if (!makes) await assertStore(dataDirectory);
  const unlock = await lockForCommand(dataDirectory);
  let offline: OpenStore | undefined;
  try {
    offline = openSqliteStore({ dataDirectory, clock: systemClock, entropy: systemEntropy() });
    return await run({ ...shared, loaded, offline, store: offline.store, lookups: offline.lookups });
  } finally {
    offline?.close();
    leaveToOwner(dataDirectory);
    unlock();
  }
}

/** A file that is wrong stops only what needs it: the server keeps what it read before, and an account can be suspended. */
function besideServer(
  file: string,
  server: ControlClient,
  shared: Pick<CommandContext, 'by' | 'now'>,
): CommandContext {
  const { by, now } = shared;
  const { store, lookups } = server;
  let loaded: LoadedConfig | undefined;
  let trouble: ConfigError | undefined;
  try {
    loaded = loadConfig(file);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    trouble = error;
    process.stderr.write(
      `postern: ${safeLines(error.message)}\npostern: the server runs on with what it read before\n`,
    );
  }
  return {
    ...{ by, now, server, store, lookups },
    get loaded() {
      if (loaded !== undefined) return loaded;
      throw new ConfigError([`this command needs the configuration: ${trouble?.message}`]);
    },
  };
}

async function assertStore(dataDirectory: string): Promise<void> {
  const { STORE_FILE } = await import('../store/sqlite/schema.ts');
  if (lstatSync(join(dataDirectory, STORE_FILE), { throwIfNoEntry: false }) !== undefined) return;
  throw new CommandFailure(
    `there is no store in ${dataDirectory}: is \`data:\` right? \`postern init\`, \`postern serve\` or \`postern account add\` makes one`,
    3,
  );
}

/** The lock is held, but no server answered: it is starting or stopping. */
export async function lockForCommand(dataDirectory: string): Promise<() => void> {
  const { lockDataDirectory, StoreLocked } = await import('../store/sqlite/data-directory.ts');
  try {
    return lockDataDirectory(dataDirectory);
  } catch (error) {
    if (!(error instanceof StoreLocked)) throw error;
    throw new CommandFailure(
      `a server is starting or stopping on ${dataDirectory}, or another command is at work there: try again in a moment`,
      3,
    );
  }
}

export function lookContextOf(context: CommandContext): LookContext {
  const { store, lookups, by, now } = context;
  return {
    ...{ store, lookups, by, now },
    get requireReason() {
      return context.loaded.config.audit.requireReason;
    },
    whole: () => Promise.resolve(context.loaded),
  };
}

export function withLookups<T>(option: ConfigOption, run: (context: LookContext) => Promise<T>): Promise<T> {
  return withStore(option, (context) => run(lookContextOf(context)));
}
