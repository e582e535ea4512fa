// Our trace field (RFC 5321 section 4.4): always there, always first, and by default without address, name or login of the client
// (requirements D.2). The clauses stand in the order of the grammar, the `tls` clause of RFC 8314 after `id` and `for`.

import { utf8 } from '../base/bytes.ts';
import { isIPv4, isIPv6 } from '../base/network.ts';
import { canonicalDomain, isAsciiText } from '../protocol/wire/mailbox.ts';
import { formatDate } from './date.ts';
import { fieldValue, type Header, isNamed } from './header.ts';

export type ReceivedFrom =
  | { readonly mode: 'pseudonymous'; readonly label: string }
  | { readonly mode: 'full'; readonly ehlo: string; readonly address: string };

export interface ReceivedFacts {
  readonly hostname: string;
  readonly from: ReceivedFrom;
  readonly withProtocol: string;
  readonly id: string;
  /** Only if the message has this recipient alone (5321-t). */
  readonly forRecipient?: string;
  readonly tls?: { readonly cipher: string };
  readonly now: number;
  /** SMTPUTF8 was given: `for` may hold non-ASCII. */
  readonly utf8: boolean;
}

export function receivedField(facts: ReceivedFacts): Uint8Array {
  const { forRecipient, tls } = facts;
  // `<postmaster>` alone is no path of this grammar.
  const showFor = forRecipient?.includes('@') === true && (facts.utf8 || /^[\x20-\x7e]+$/.test(forRecipient));
  const clauses = [
    `from ${fromClause(facts)}`,
    `by ${facts.hostname} with ${facts.withProtocol} id ${facts.id}`,
    ...(showFor ? [`for <${forRecipient}>`] : []),
    ...(tls === undefined ? [] : [`tls ${tls.cipher}`]),
  ];
  return utf8(`Received: ${clauses.join('\r\n\t')};\r\n\t${formatDate(facts.now)}\r\n`);
}

function fromClause({ from, hostname }: ReceivedFacts): string {
  if (from.mode === 'pseudonymous') return `${from.label}.client.${hostname}`;
  const address = from.address.replace(/%.*$/, '');
  const literal = isIPv4(address) ? `[${address}]` : `[IPv6:${address}]`;
  return `${isName(from.ehlo) ? from.ehlo : literal} (${literal})`;
}

/** What may stand as Extended-Domain: a name of letters, digits and hyphens, or an address literal. */
function isName(ehlo: string): boolean {
  const literal = /^\[(?:IPv6:)?([0-9A-Fa-f:.]+)\]$/.exec(ehlo)?.[1] ?? '';
  if (literal !== '') return ehlo.startsWith('[IPv6:') ? isIPv6(literal) : isIPv4(literal);
  return isAsciiText(ehlo) && canonicalDomain(ehlo) !== undefined;
}

export interface OwnReceived {
  readonly id: string;
  readonly label?: string;
}

const idClause = /\bid ([0-9A-HJKMNP-TV-Z]{26})\b/;

/** Lines that claim to be ours, in the order of the header. Anybody can write such a line: only the trail tells which are true (D-TR-6). */
export function ownReceivedLines(header: Header, hostname: string): readonly OwnReceived[] {
  const own: OwnReceived[] = [];
  const name = hostname.toLowerCase();
  for (const field of header.fields) {
    if (!isNamed(field, 'received')) continue;
    const value = fieldValue(field)?.replaceAll(/[ \t]+/g, ' ') ?? '';
    const by = / by ([^ ;]+)/.exec(value)?.[1]?.toLowerCase();
    const id = idClause.exec(value)?.[1];
    if (by !== name || id === undefined) continue;
    const label = /^ ?from ([0-9a-hjkmnp-tv-z]{16})\.client\./.exec(value)?.[1];
    own.push(label === undefined ? { id } : { id, label });
  }
  return own;
}
