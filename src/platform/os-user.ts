// Users of the operating system by name, as all its sources know them (nsswitch.conf): Node asks only for its own.

import { spawnSync } from 'node:child_process';

const LOOKUP_MS = 10_000;

/** The uid of a name or of a uid in digits; undefined: there is no such user. */
export function uidOf(user: string): number | undefined {
  if (/^\d+$/.test(user)) return Number(user);
  const { status, stdout } = spawnSync('id', ['-u', '--', user], { encoding: 'utf8', timeout: LOOKUP_MS });
  const uid = stdout?.trim() ?? '';
  return status === 0 && /^\d+$/.test(uid) ? Number(uid) : undefined;
}
