// Files that a key of the configuration names: what is wrong with one is told with its key.

import { readFileSync } from 'node:fs';
import { ConfigError } from './find.ts';
import { unreadable } from './unreadable.ts';

/** Throws `ConfigError`. */
export function readNamed(key: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([`${key}: ${file}: ${unreadable(error)}`]);
  }
}

/** An error names the key that it belongs to. */
export function underKey<T>(key: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(error.problems.map((problem) => `${key}: ${problem}`));
  }
}
