// The forward-paths that have opened relays elsewhere (requirements F.3), for one domain of ours: as role mx sees them, after the
// session has stripped source routes (RFC 5321 section 4.1.1.3). None may be accepted, but for plain spellings of postmaster, and names that lead
// nowhere if somebody has them.

import type { Verdict } from '../protocol/refusal.ts';

export interface RelayProbe {
  readonly requirement: string;
  /** What stands between the angle brackets. */
  readonly path: string;
  /** If no account has such a name. */
  readonly expected: Verdict['type'];
  /** If the look-up says that the mailbox exists, as it does for every name of a domain whose mailboxes live elsewhere. */
  readonly ifItExists: Verdict['type'];
}

/** It can never be ours (RFC 2606, and `self-test.ts` refuses it). */
const FAR = 'relay-probe.invalid';

/** They lead nowhere: a mailbox may have such a name. */
const names: ReadonlySet<string> = new Set(['F-REL-4', 'F-REL-13']);

/** `domains`: all that are ours; `domain`: the one that is tried. */
export function relayProbes(domain: string, domains: ReadonlySet<string>): readonly RelayProbe[] {
  const strange = [`sub.${domain}`, `x${domain}`].filter((near) => !domains.has(near));
  const refusedPaths: readonly (readonly [string, string])[] = [
    ['F-REL-1', `user%${FAR}@${domain}`],
    ['F-REL-1', `postmaster%${FAR}@${domain}`],
    ['F-REL-2', `user%${FAR}@[192.0.2.1]`],
    // What is left of `@<domain>:user@far` and of `@far:user@...`.
    ['F-REL-3', `user@${FAR}`],
    ['F-REL-4', `user@${domain}`],
    ['F-REL-5', `"user@${FAR}"@${domain}`],
    ['F-REL-5', `"postmaster@${FAR}"@${domain}`],
    ['F-REL-5', `"@${FAR}:user@b.example"@${domain}`],
    ['F-REL-1', `postmaster+user%${FAR}@${domain}`],
    ['F-REL-5', `"postmaster+user@${FAR}"@${domain}`],
    ['F-REL-7', `postmaster+${FAR}!user@${domain}`],
    ['F-HDR-5', `|id@${domain}`],
    ['F-HDR-5', `/etc/passwd@${domain}`],
    ['F-HDR-5', `":include:/etc/passwd"@${domain}`],
    ['F-HDR-5', `-oQ/tmp@${domain}`],
    ['F-REL-6', `"user@${FAR}"`],
    ['F-REL-6', `user@${FAR}@${domain}`],
    ['F-REL-6', `user@${domain}@${FAR}`],
    ['F-REL-7', `${FAR}!user@${domain}`],
    ['F-REL-7', `${FAR}!user`],
    ['F-REL-8', `user@${FAR}.`],
    ['F-REL-9', 'user@[203.0.113.9]'],
    ['F-REL-9', 'user@[IPv6:2001:db8::9]'],
    ['F-REL-9', 'user@[127.0.0.1]'],
    ['F-REL-9', 'postmaster@[203.0.113.9]'],
    ['F-REL-9', 'user@2130706433'],
    ['F-REL-9', 'user@203.0.113.9'],
    ['F-REL-9', 'user@0x7f.1'],
    ['F-REL-10', `user@${FAR}\u0000@${domain}`],
    ['F-REL-10', `user@${domain}\u0000.${FAR}`],
    ['F-REL-11', `user@${domain}:25`],
    ['F-REL-11', `user@${domain}/far`],
    ['F-REL-11', `user@${domain.slice(0, 3)} ${domain.slice(3)}`],
    ...strange.map((near) => ['F-REL-11', `user@${near}`] as const),
    ['F-REL-13', `SRS0=abcd=ab=${FAR}=user@${domain}`],
    ['F-REL-13', `bounce+user=${FAR}@${domain}`],
  ];
  return [
    ...refusedPaths.map(([requirement, path]) => ({
      ...{ requirement, path, expected: 'refused' as const },
      ifItExists: names.has(requirement) ? ('accepted' as const) : ('refused' as const),
    })),
    {
      ...{ requirement: 'F-REL-11', path: `PostMaster@${domain.toUpperCase()}` },
      ...{ expected: 'accepted', ifItExists: 'accepted' },
    },
  ];
}
