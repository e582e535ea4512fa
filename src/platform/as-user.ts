// A look at files through the eyes of another user: what only root may read looks good to root alone.

import { gidOf, groupsOf } from './os-user.ts';

/** Runs `look`, which must not wait for anything, with the rights of a user and its groups. Root alone may ask for it, in the main thread. */
export function asUser<T>(uid: number, look: () => T): T {
  const { geteuid, getegid, getgroups, setegid, seteuid, setgroups } = process;
  if (geteuid?.() !== 0 || !getegid || !getgroups || !setegid || !seteuid || !setgroups)
    throw new Error('only root may look as another user');
  const before = { gid: getegid(), groups: getgroups() };
  // A user without a name has no groups.
  const gid = gidOf(String(uid)) ?? uid;
  const groups = groupsOf(String(uid));
  try {
    setgroups(groups);
    setegid(gid);
    seteuid(uid);
    return look();
  } finally {
    seteuid(0);
    setegid(before.gid);
    setgroups(before.groups);
  }
}
