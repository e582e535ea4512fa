// The forward-paths that have opened relays elsewhere (requirements F.3), for one domain of ours: as role mx sees them, after the
// session has stripped source routes (RFC 5321 section 4.1.1.3). None may be accepted, but for plain spellings of postmaster.

import type { Verdict } from '../protocol/refusal.ts';

export interface RelayProbe {
  readonly requirement: string;
  /** What stands between the angle brackets. */
  readonly path: string;
  readonly expected: Verdict['type'];
}

export function relayProbes(domain: string): readonly RelayProbe[] {
  const refusedPaths: readonly (readonly [string, string])[] = [
    ['F-REL-1', `user%far.example@${domain}`],
    ['F-REL-1', `postmaster%far.example@${domain}`],
    ['F-REL-2', 'user%far.example@[192.0.2.1]'],
    // What is left of `@<domain>:user@far.example` and of `@far.example:user@...`.
    ['F-REL-3', 'user@far.example'],
    ['F-REL-4', `user@${domain}`],
    ['F-REL-5', `"user@far.example"@${domain}`],
    ['F-REL-5', `"postmaster@far.example"@${domain}`],
    ['F-REL-6', '"user@far.example"'],
    ['F-REL-6', `user@far.example@${domain}`],
    ['F-REL-6', `user@${domain}@far.example`],
    ['F-REL-7', `far.example!user@${domain}`],
    ['F-REL-7', 'far.example!user'],
    ['F-REL-8', 'user@far.example.'],
    ['F-REL-9', 'user@[203.0.113.9]'],
    ['F-REL-9', 'user@[IPv6:2001:db8::9]'],
    ['F-REL-9', 'user@[127.0.0.1]'],
    ['F-REL-9', 'postmaster@[203.0.113.9]'],
    ['F-REL-9', 'user@2130706433'],
    ['F-REL-9', 'user@203.0.113.9'],
    ['F-REL-9', 'user@0x7f.1'],
    ['F-REL-10', `user@far.example\u0000@${domain}`],
    ['F-REL-10', `user@${domain}\u0000.far.example`],
    ['F-REL-11', `user@${domain}:25`],
    ['F-REL-11', `user@${domain}/far`],
    ['F-REL-11', `user@${domain.slice(0, 3)} ${domain.slice(3)}`],
    ['F-REL-11', `user@sub.${domain}`],
    ['F-REL-11', `user@x${domain}`],
    ['F-REL-13', `SRS0=abcd=ab=far.example=user@${domain}`],
    ['F-REL-13', `bounce+user=far.example@${domain}`],
  ];
  return [
    ...refusedPaths.map(([requirement, path]) => ({ requirement, path, expected: 'refused' as const })),
    { requirement: 'F-REL-11', path: `PostMaster@${domain.toUpperCase()}`, expected: 'accepted' },
  ];
}
