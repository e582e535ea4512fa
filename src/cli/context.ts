// What a command works on: the use cases, carried out by the running server, or here on the store if none runs.

import type { Administration } from '../administration/use-cases.ts';
import { safeLines } from '../base/safe-text.ts';
import { ConfigError, findConfig } from '../config/find.ts';
import { dataDirectoryIn, loadConfig, type LoadedConfig } from '../config/load.ts';
import { connectControl } from '../http/control-client.ts';
import type { ControlLookups } from '../http/control-protocol.ts';
import { systemClock } from '../platform/clock.ts';
import { ownUserName } from '../platform/own-user.ts';
import { type Engine, openEngine } from '../store/engine.ts';
import { type EngineChoice, engineIn, engineOf, keyOfStore, storeInWords } from '../store/engine-choice.ts';
import { StoreLocked } from '../store/engine-errors.ts';
import { CommandFailure } from './failure.ts';
import type { OpenAdministration } from './offline.ts';

export interface ConfigOption {
  readonly config?: string;
}

/** What a command that only asks works on. It may not have read the configuration (src/cli/fast-path.ts). */
export interface LookContext {
  readonly lookups: ControlLookups;
  /** The use cases, in the name of who called the command. `reason`: for the trail. */
  administration(reason?: string): Administration;
  readonly now: number;
}

export interface CommandContext extends LookContext {
  /** Throws `ConfigError` if a server runs and the file can't be read. */
  readonly loaded: LoadedConfig;
}

export function loadForCommand({ config }: ConfigOption): LoadedConfig {
  return loadConfig(findConfig(config, process.env));
}

/** A backup is a file of the embedded engine, whatever keeps the store. The configuration may be broken elsewhere. */
export function engineOfBackups({ config }: ConfigOption): EngineChoice {
  return engineIn(dataDirectoryIn(findConfig(config, process.env)));
}

export interface StoreOption {
  /** A store that is not there is made; to others its absence is a mistake in `data:`, and nothing is made. */
  readonly makes?: boolean;
  /** Where a copy of the store has room while it is made here; else in the data directory. */
  readonly copyIn?: string;
}

export async function withStore<T>(
  option: ConfigOption,
  run: (context: CommandContext) => Promise<T>,
  { makes = false, copyIn }: StoreOption = {},
): Promise<T> {
  const file = findConfig(option.config, process.env);
  const server = await connectControl(dataDirectoryIn(file));
  if (server !== undefined) return run(contextOf(server, besideServer(file)));
  const loaded = loadConfig(file);
  // With a running server the engine is not needed.
  const choice = engineOf(loaded);
  const engine = await openEngine(choice);
  const { openAdministration } = await import('./offline.ts');
  if (!makes) await assertStore(engine, choice);
  const unlock = await lockForCommand(engine, loaded);
  let offline: OpenAdministration | undefined;
  try {
    offline = await openAdministration(loaded, engine, ownUserName(), copyIn);
    return await run(contextOf(offline, () => loaded));
  } finally {
    offline?.close();
    await engine.leaveToOwner();
    unlock();
  }
}

function contextOf(
  { lookups, administration }: Pick<LookContext, 'lookups' | 'administration'>,
  loadedNow: () => LoadedConfig,
): CommandContext {
  return {
    ...{ lookups, administration, now: systemClock.now() },
    get loaded() {
      return loadedNow();
    },
  };
}

/** A file that is wrong stops only what needs it: the server keeps what it read before, and an account can be suspended. */
function besideServer(file: string): () => LoadedConfig {
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
  return () => {
    if (loaded !== undefined) return loaded;
    throw new ConfigError([`this command needs the configuration: ${trouble?.message}`]);
  };
}

const dataDirectoryOf = ({ config, path }: LoadedConfig): string => path(config.data);

async function assertStore(engine: Engine, choice: EngineChoice): Promise<void> {
  if (await engine.exists()) return;
  throw new CommandFailure(
    `there is no store in ${storeInWords(choice)}: is \`${keyOfStore(choice)}:\` right? \`postern init\`, \`postern serve\` or \`postern account add\` makes one`,
    3,
  );
}

/** The lock is held, but no server answered: it is starting or stopping. */
export async function lockForCommand(engine: Engine, loaded: LoadedConfig): Promise<() => void> {
  try {
    return await engine.lock();
  } catch (error) {
    if (!(error instanceof StoreLocked)) throw error;
    throw new CommandFailure(
      `a server is starting or stopping on ${dataDirectoryOf(loaded)}, or another command is at work there: try again in a moment`,
      3,
    );
  }
}
