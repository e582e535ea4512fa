// Users of the operating system by name, as all its sources know them (nsswitch.conf): Node asks only for its own.

import { spawnSync } from 'node:child_process';

const LOOKUP_MS = 10_000;

/** The uid of a name or of a uid in digits; undefined: there is no such user. */
export function uidOf(user: string): number | undefined {
  return /^\d+$/.test(user) ? Number(user) : asked('-u', user);
}

/** The gid of the user's own group; undefined: there is no such user. */
export const gidOf = (user: string): number | undefined => asked('-g', user);

function asked(what: '-u' | '-g', user: string): number | undefined {
  const { status, stdout } = spawnSync('id', [what, '--', user], { encoding: 'utf8', timeout: LOOKUP_MS });
  const id = stdout?.trim() ?? '';
  return status === 0 && /^\d+$/.test(id) ? Number(id) : undefined;
}
