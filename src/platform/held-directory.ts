// A directory that is held while one works in it: what is reached by the held path lies in it, even if somebody puts another directory or a link
// in its place meanwhile. For what a process of root does where another user may change the names.

import { closeSync, constants, existsSync, openSync } from 'node:fs';

/**
 * Runs `work`, which must not wait for anything, with a path that leads into the directory and nowhere else. Undefined: `path` is a link, or no
 * directory.
 */
export function withinDirectory<T>(path: string, work: (held: string) => T): T | undefined {
  const directory = openDirectory(path);
  if (directory === undefined) return undefined;
  try {
    const held = `/proc/self/fd/${directory}`;
    return work(existsSync(held) ? held : path);
  } finally {
    closeSync(directory);
  }
}

function openDirectory(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
}
