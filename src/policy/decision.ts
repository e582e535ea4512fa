// The answer of a policy function: the verdict for the wire, the rule that decided, and the reason in words.

import { accepted, refused, type Verdict } from '../protocol/refusal.ts';
import type { ReplyName } from '../protocol/wire/reply-registry.ts';

export interface Decision {
  readonly verdict: Verdict;
  /** Short name of the rule that decided, e.g. `own address alice@example.org`; goes into the trail. */
  readonly rule: string;
  /** One sentence for `postern explain` and the log. */
  readonly because: string;
}

/** Octets of an address that a reply repeats; longer ones are cut (a reply line holds 512, RFC 5321 section 4.5.3.1.5). */
const REPLY_ADDRESS_OCTETS_MAX = 254;

export function allow(rule: string, because: string): Decision {
  return { verdict: accepted, rule, because };
}

export function refuse(
  name: ReplyName,
  rule: string,
  because: string,
  values: Readonly<Record<string, string | number>> = {},
): Decision {
  return { verdict: refused(name, `${rule}: ${because}`, values), rule, because };
}

/** An address as a reply may repeat it: printable ASCII (RFC 6531 section 3.7.4.2), cut. */
export function replyAddress(address: string): string {
  const cut =
    address.length > REPLY_ADDRESS_OCTETS_MAX ? `${address.slice(0, REPLY_ADDRESS_OCTETS_MAX)}...` : address;
  return cut.replaceAll(/[^\x20-\x7e]/g, '?');
}
