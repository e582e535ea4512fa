// The directories that there are, in the order in which they are asked: the first that knows somebody decides. One more is a file beside this one and a row here.

import type { Identity } from '../../record/identity.ts';
import type { ShownIdentity } from '../../store/shown-identity.ts';
import { accounts } from './accounts.ts';
import type { Directory, DirectoryPorts, OpenDirectory } from './directory.ts';

const kinds: readonly [OpenDirectory, ...OpenDirectory[]] = [accounts];

/** Who was found, and who keeps them; nobody is kept by the first. */
export interface Kept {
  readonly identity: Identity | undefined;
  readonly directory: Directory;
}

export interface Directories {
  /** `logins`: what one name may stand for, the likeliest first. */
  byLogin(logins: readonly string[]): Promise<Kept>;
  byAddress(address: string): Promise<ShownIdentity | undefined>;
}

export function openDirectories(ports: DirectoryPorts): Directories {
  const [first, ...others] = kinds;
  return inTurn([first(ports), ...others.map((open) => open(ports))]);
}

export function inTurn(all: readonly [Directory, ...Directory[]]): Directories {
  return {
    async byLogin(logins) {
      for (const directory of all)
        for (const login of logins) {
          const identity = await directory.byLogin(login);
          if (identity !== undefined) return { identity, directory };
        }
      return { identity: undefined, directory: all[0] };
    },
    async byAddress(address) {
      for (const directory of all) {
        const identity = await directory.byAddress(address);
        if (identity !== undefined) return identity;
      }
      return undefined;
    },
  };
}
