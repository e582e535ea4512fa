// What kind of destination does a forward-path name? Every relay decision is made on this canonical form, never on the text
// as written (requirements F.3), so that no spelling of a domain reaches further than the domain itself.

import { canonicalDomain, type Mailbox } from '../protocol/wire/mailbox.ts';

export type ForwardDomain =
  | { readonly type: 'name'; /** lower-case A-labels */ readonly name: string }
  /** An address literal, or a name that resolvers would read as an IP address (`203.0.113.9`, `0x7f.1`). */
  | { readonly type: 'literal' }
  | { readonly type: 'none' };

// The last label of an IPv4 address in any of the notations that inet_aton takes; no top-level domain looks so.
const numericLabel = /^(?:\d+|0x[\da-f]*)$/;

export function forwardDomain(mailbox: Mailbox): ForwardDomain {
  if (mailbox.isLiteral) return { type: 'literal' };
  const name = canonicalDomain(mailbox.domain);
  if (name === undefined) return { type: 'none' };
  return numericLabel.test(name.slice(name.lastIndexOf('.') + 1))
    ? { type: 'literal' }
    : { type: 'name', name };
}
