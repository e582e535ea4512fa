// A Mailbox of the envelope (RFC 5321 section 4.1.2, with the UTF-8 of RFC 6531 section 3.3), judged strictly: what two programs could
// read differently is no mailbox. Linear in the length of the text, which is bounded before anything is looked at.

import { domainToASCII } from 'node:url';
import { isIPv4, isIPv6 } from '../../base/network.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { plainMailboxAt } from './plain-mailbox.ts';

export interface Mailbox {
  /** Unquoted and unescaped; case kept. */
  readonly localPart: string;
  /** As written; an address literal keeps its brackets. */
  readonly domain: string;
  readonly isLiteral: boolean;
}

export type MailboxProblem = 'syntax' | 'unqualified' | 'tooLong';

/** RFC 5321 section 4.5.3.1, octets. */
const LOCAL_PART_MAX = 64;
const DOMAIN_MAX = 255;
const PATH_MAX = 254;
const LABEL_MAX = 63;

// atext of RFC 5321/5322 plus UTF8-non-ascii of RFC 6531.
const dotString =
  /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+)*$/u;
const quotedText = /^[\x20\x21\x23-\x5b\x5d-\x7e\u0080-\u{10ffff}]$/u;
const quotedPair = /^[\x20-\x7e]$/;
// Controls, invisible and direction marks, surrogates, private use and unassigned code points mislead readers (F-UNI-1, F-UNI-3).
const misleading = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

/** Characters that can't mislead: most addresses need no look at the tables of Unicode. */
const printable = /^[\x20-\x7e]*$/;

export function isAsciiText(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text);
}

/** The whole of `text` as one mailbox: no angle brackets, no source route, no comments. */
export function parseMailbox(text: string): Result<Mailbox, MailboxProblem> {
  const at = plainMailboxAt(text);
  if (at > 0) return ok({ localPart: text.slice(0, at), domain: text.slice(at + 1), isLiteral: false });
  if (text.length > 2 * PATH_MAX) return err('tooLong');
  const isPrintable = printable.test(text);
  const octets = (part: string): number => (isPrintable ? part.length : Buffer.byteLength(part));
  if (octets(text) > LOCAL_PART_MAX + 2 * LOCAL_PART_MAX + DOMAIN_MAX) return err('tooLong');
  if (!isPrintable && (!text.isWellFormed() || misleading.test(text))) return err('syntax');
  const local = text.startsWith('"') ? readQuoted(text) : readDotString(text);
  if (local === undefined || text[local.end] !== '@') return err('syntax');
  if (octets(local.value) > LOCAL_PART_MAX) return err('tooLong');
  const domain = text.slice(local.end + 1);
  if (domain.startsWith('[')) {
    return isLiteral(domain) ? ok({ localPart: local.value, domain, isLiteral: true }) : err('syntax');
  }
  if (octets(domain) > DOMAIN_MAX) return err('tooLong');
  // `sales` and `sales.` are single labels: well formed, but nowhere on the Internet (RFC 6409 section 4.2).
  const label =
    domain.endsWith('.') && domain.indexOf('.') === domain.length - 1 ? domain.slice(0, -1) : domain;
  if (canonicalDomain(label) === undefined) return err('syntax');
  if (!label.includes('.')) return err('unqualified');
  return ok({ localPart: local.value, domain, isLiteral: false });
}

interface LocalPart {
  readonly value: string;
  readonly end: number;
}

function readDotString(text: string): LocalPart | undefined {
  const end = text.indexOf('@');
  const value = text.slice(0, Math.max(0, end));
  return dotString.test(value) ? { value, end } : undefined;
}

function readQuoted(text: string): LocalPart | undefined {
  const letters = [...text];
  let value = '';
  let units = 1;
  for (let at = 1; at < letters.length; at += 1) {
    const letter = letters[at] ?? '';
    units += letter.length;
    if (letter === '"') return { value, end: units };
    if (letter === '\\') {
      at += 1;
      const escaped = letters[at] ?? '';
      units += escaped.length;
      if (!quotedPair.test(escaped)) return undefined;
      value += escaped;
    } else if (quotedText.test(letter)) value += letter;
    else return undefined;
  }
  return undefined;
}

/** `[192.0.2.1]` or `[IPv6:2001:db8::1]`; general address literals are not in use. */
function isLiteral(domain: string): boolean {
  if (!domain.endsWith(']')) return false;
  const inner = domain.slice(1, -1);
  return /^ipv6:/i.test(inner) ? isIPv6(inner.slice(5)) && !inner.includes('%') : isIPv4(inner);
}

/** The least quoted spelling (RFC 5321 section 4.1.2): `"alice"@x` is `alice@x`. */
export function mailboxText(mailbox: Mailbox): string {
  const { localPart, domain } = mailbox;
  const local = dotString.test(localPart) ? localPart : `"${localPart.replaceAll(/["\\]/g, '\\$&')}"`;
  return `${local}@${domain}`;
}

/** The same mailbox in ASCII, where the domain alone is not: it as A-labels. Anything else comes back as it is. */
export function asciiSpelling(text: string): string {
  if (isAsciiText(text)) return text;
  const { localPart, domain } = halves(text);
  const ascii = canonicalDomain(domain);
  return ascii === undefined || !isAsciiText(localPart) ? text : `${localPart}@${ascii}`;
}

/** Equal for two spellings of one mailbox, wherever it is: the local part is its owner's, to the letter (RFC 5321 section 2.4). */
export function mailboxKey(text: string): string {
  return `${halves(text).localPart}@${deliveryDomain(text)}`;
}

/** The domain of a mailbox, by which its mail is routed: lower-case A-labels, or the literal, or '' for a bare postmaster. */
export function deliveryDomain(text: string): string {
  const { domain } = halves(text);
  return canonicalDomain(domain) ?? domain.toLowerCase();
}

/** Each mailbox once, in the spelling that came first. */
export function distinctMailboxes(texts: readonly string[]): readonly string[] {
  const first = new Map<string, string>();
  for (const text of texts) if (!first.has(mailboxKey(text))) first.set(mailboxKey(text), text);
  return [...first.values()];
}

function halves(text: string): { readonly localPart: string; readonly domain: string } {
  const at = text.lastIndexOf('@');
  return at < 0
    ? { localPart: text, domain: '' }
    : { localPart: text.slice(0, at), domain: text.slice(at + 1) };
}

const ldhLabel = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
/** The form of most names: lower-case LDH labels, no A-label, the last one a word. Such a name is its own canonical form. */
const plainName =
  /^(?:(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*(?!xn--)[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const uLabel = /^[\p{L}\p{N}\p{M}\u00b7\u200c\u200d\u30fb-]+$/u;

/**
 * Lower-case A-labels, for comparing. Undefined: not a host name of LDH or U-labels. `domainToASCII` is asked only about labels
 * that are letters, digits and hyphens already: left alone it reads `0x7f.1` as 127.0.0.1 and `%41.com` as a.com.
 */
export function canonicalDomain(domain: string): string | undefined {
  if (domain.length === 0 || domain.length > DOMAIN_MAX) return undefined;
  if (plainName.test(domain)) return domain;
  const labels: string[] = [];
  for (const label of domain.split('.')) {
    const canonical = canonicalLabel(label);
    if (canonical === undefined) return undefined;
    labels.push(canonical);
  }
  // A name whose last label is a number would be read as an IPv4 address somewhere (RFC 3696 section 2).
  if (/^(?:\d+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) return undefined;
  const name = labels.join('.');
  return name.length <= DOMAIN_MAX ? name : undefined;
}

function canonicalLabel(label: string): string | undefined {
  if (isAsciiText(label)) {
    const lower = label.toLowerCase();
    if (lower.length > LABEL_MAX || !ldhLabel.test(lower)) return undefined;
    return lower.startsWith('xn--') && domainToASCII(`${lower}.test`) !== `${lower}.test` ? undefined : lower;
  }
  if (!uLabel.test(label)) return undefined;
  const ascii = domainToASCII(`${label}.test`).slice(0, -'.test'.length);
  return ascii.length > 0 && ascii.length <= LABEL_MAX && ldhLabel.test(ascii) ? ascii : undefined;
}
