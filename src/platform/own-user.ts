// The user of this process. In a container, or as a user that only a service manager knows, there may be neither a name nor a home directory.

import { homedir, userInfo } from 'node:os';

export function ownUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid${process.getuid?.() ?? ''}`;
  }
}

/** Undefined: there is none. */
export function homeDirectory(): string | undefined {
  try {
    const home = homedir();
    return home === '' ? undefined : home;
  } catch {
    return undefined;
  }
}
