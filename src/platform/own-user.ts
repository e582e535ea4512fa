// The user of this process. In a container, or as a user that only a service manager knows, there may be neither a name nor a home directory.

import { homedir, userInfo } from 'node:os';

export function ownUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return namelessUser(process.getuid?.());
  }
}

/** How a user without a name is called. */
export function namelessUser(uid: number | undefined): string {
  return `uid${uid ?? ''}`;
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
