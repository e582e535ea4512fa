// Our trace field (RFC 5321 section 4.4): always there, always first, and by default without address, name or login of the client
// (DESIGN 3.6, requirements D.2). The clauses stand in the order of the grammar, the `tls` clause of RFC 8314 behind `id` and `for`.

import { utf8 } from '../base/bytes.ts';
import { isIPv4 } from '../base/network.ts';
import { canonicalDomain } from '../protocol/wire/mailbox.ts';
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
  const showFor = forRecipient !== undefined && (facts.utf8 || /^[\x20-\x7e]+$/.test(forRecipient));
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
  const literal = isIPv4(from.address) ? `[${from.address}]` : `[IPv6:${from.address}]`;
  return canonicalDomain(from.ehlo) === undefined ? literal : `${from.ehlo} (${literal})`;
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
