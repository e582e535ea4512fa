// Mailboxes that exist in every domain of ours whatever accounts there are: postmaster (RFC 5321 section 4.5.1, also without
// a domain, in any case) and abuse (RFC 2142, BCP 134's accountability). They go where `postmaster:` of the config says.

import type { CanonicalMailbox } from './address.ts';

const alwaysThere: ReadonlySet<string> = new Set(['postmaster', 'abuse']);

/** `RCPT TO:<postmaster>` without a domain, in any case. */
export function isBarePostmaster(forwardPath: string): boolean {
  return forwardPath.length === 'postmaster'.length && forwardPath.toLowerCase() === 'postmaster';
}

/** True for postmaster and abuse of whatever domain: the caller has to know that the domain is ours. */
export function isRoleMailbox(mailbox: Pick<CanonicalMailbox, 'localPart'>): boolean {
  return alwaysThere.has(mailbox.localPart);
}

/** Where mail to a postmaster without a domain of ours goes: the postmaster of the first domain. */
export function postmasterOf(domains: ReadonlySet<string>): string | undefined {
  const [first] = domains;
  return first === undefined ? undefined : `postmaster@${first}`;
}
