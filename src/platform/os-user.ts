// Users of the operating system by name, as all its sources know them (nsswitch.conf): Node asks only for its own.

import { spawnSync } from 'node:child_process';

const LOOKUP_MS = 10_000;

/** The uid of a name or of a uid in digits; undefined: there is no such user. */
export function uidOf(user: string): number | undefined {
  return /^\d+$/.test(user) ? Number(user) : asked('-u', user);
}

/** The gid of the user's own group; undefined: there is no such user. */
export const gidOf = (user: string): number | undefined => asked('-g', user);

/** Its name; undefined: no user has this uid here. */
export const nameOfUid = (uid: number): string | undefined => said('-un', String(uid)) || undefined;

/** The gids of all groups of a user; none: there is no such user. */
export function groupsOf(user: string): readonly number[] {
  const groups = said('-G', user)?.split(' ') ?? [];
  return groups.filter((id) => /^\d+$/.test(id)).map(Number);
}

function asked(what: '-u' | '-g', user: string): number | undefined {
  const id = said(what, user) ?? '';
  return /^\d+$/.test(id) ? Number(id) : undefined;
}

function said(what: '-u' | '-g' | '-G' | '-un', user: string): string | undefined {
  const { status, stdout } = spawnSync('id', [what, '--', user], { encoding: 'utf8', timeout: LOOKUP_MS });
  return status === 0 ? stdout.trim() : undefined;
}
