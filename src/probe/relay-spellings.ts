// Data: the spellings by which servers were talked into relaying (percent hack, source routes, bangs, literals …), requirements F-REL-1 to
// F-REL-14. `@` stands for the parts that the target fills in.

import type { Target } from './target.ts';

export interface RelaySpelling {
  readonly requirement: string;
  readonly name: string;
  /** The whole argument of RCPT, `TO:` included; one octet a character. */
  readonly argument: string;
  /** It may be taken for an odd local part of our own domain: a server that takes any local part takes it too. */
  readonly isLocalForm: boolean;
}

export function relaySpellings({
  remoteRecipient,
  localRecipient,
  domain,
}: Target): readonly RelaySpelling[] {
  const at = remoteRecipient.lastIndexOf('@');
  const [user, far] = [remoteRecipient.slice(0, at), remoteRecipient.slice(at + 1)];
  // A mailbox that exists: a server that accepts a detail after it may accept a route.
  const there = localRecipient.slice(0, localRecipient.lastIndexOf('@'));
  const rows: readonly (readonly [requirement: string, name: string, path: string, isLocalForm?: true])[] = [
    ['F-REL-12', 'plain', `<${user}@${far}>`],
    ['F-REL-1', 'percent', `<${user}%${far}@${domain}>`, true],
    ['F-REL-1', 'percent alone', `<${user}%${far}>`],
    ['F-REL-2', 'percent at a literal', `<${user}%${far}@[127.0.0.1]>`],
    ['F-REL-3', 'source route', `<@${domain}:${user}@${far}>`],
    ['F-REL-5', 'quoted, at home', `<"${user}@${far}"@${domain}>`, true],
    ['F-REL-6', 'quoted alone', `<"${user}@${far}">`],
    ['F-REL-6', 'two at, home last', `<${user}@${far}@${domain}>`, true],
    ['F-REL-6', 'two at, home first', `<${user}@${domain}@${far}>`],
    ['F-REL-7', 'bang, at home', `<${far}!${user}@${domain}>`, true],
    ['F-REL-7', 'bang alone', `<${far}!${user}>`],
    ['F-REL-1', 'percent, as detail', `<${there}+${user}%${far}@${domain}>`, true],
    ['F-REL-5', 'quoted, as detail', `<"${there}+${user}@${far}"@${domain}>`, true],
    ['F-REL-7', 'bang, as detail', `<${there}+${far}!${user}@${domain}>`, true],
    ['F-REL-3', 'source route in quotes', `<"@${far}:${user}@${far}"@${domain}>`, true],
    ['F-HDR-5', 'command', `<|id@${domain}>`, true],
    ['F-HDR-5', 'file', `</etc/passwd@${domain}>`, true],
    ['F-HDR-5', 'option', `<-oQ/tmp@${domain}>`, true],
    ['F-REL-8', 'dot at the end', `<${user}@${far}.>`],
    ['F-REL-9', 'IPv4 literal', `<${user}@[203.0.113.9]>`],
    ['F-REL-9', 'IPv6 literal', `<${user}@[IPv6:2001:db8::9]>`],
    ['F-REL-9', 'number as host', `<${user}@3405803785>`],
    ['F-REL-10', 'NUL, home after', `<${user}@${far}\0@${domain}>`],
    ['F-REL-10', 'NUL, home before', `<${user}@${domain}\0.${far}>`],
    ['F-REL-11', 'blank in the domain', `<${user}@${far} ${domain}>`],
    ['F-REL-11', 'slash after home', `<${user}@${domain}/${far}>`],
    ['F-REL-6', 'no brackets', `${user}@${far}`],
  ];
  return rows.map(([requirement, name, path, isLocalForm = false]) => ({
    ...{ requirement, name, isLocalForm },
    argument: `TO:${path}`,
  }));
}
