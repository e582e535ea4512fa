// When are two spellings the same address of ours? Only addresses in our own domains are ever compared or folded; a foreign
// local part stays opaque (RFC 5321 section 2.4). Quoted forms are equal (section 4.1.2), domains compare as lower-case
// A-labels, local parts as NFC in lower case. Folding goes code point by code point, so that no letter turns into another
// script's letter or into two (requirements F-UNI-2): what folds in such a way equals no address at all.

import { canonicalDomain, isAsciiText, mailboxText, parseMailbox } from '../protocol/wire/mailbox.ts';
import { plainMailboxAt } from '../protocol/wire/plain-mailbox.ts';

/** A mailbox in canonical form: `localPart` unquoted and folded, `domain` in lower-case A-labels. */
export interface CanonicalMailbox {
  readonly localPart: string;
  readonly domain: string;
}

/** RFC 5321 section 4.5.3.1.1; octets. */
const LOCAL_PART_OCTETS_MAX = 64;

// What has no place in an address of ours: controls, invisible and direction-changing format characters (ZWJ, RLO, soft
// hyphen), variation selectors and other default-ignorables, private use, surrogates, unassigned, non-ASCII spaces.
const neverOurs = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

/**
 * The one spelling under which addresses of ours are kept and compared, least quoted; undefined if `text` is no qualified
 * mailbox, is an address literal, or can't be an address of ours. Idempotent.
 */
export function canonicalAddress(text: string): string | undefined {
  if (plainMailboxAt(text) > 0) return text;
  const mailbox = canonicalMailbox(text);
  return mailbox === undefined ? undefined : addressText(mailbox);
}

export function canonicalMailbox(text: string): CanonicalMailbox | undefined {
  const at = plainMailboxAt(text);
  if (at > 0) return { localPart: text.slice(0, at), domain: text.slice(at + 1) };
  const parsed = parseMailbox(text);
  if (!parsed.ok || parsed.value.isLiteral) return undefined;
  const localPart = foldLocalPart(parsed.value.localPart);
  const domain = foldDomain(parsed.value.domain);
  return localPart === undefined || domain === undefined ? undefined : { localPart, domain };
}

/** The domain of an address in canonical form. */
export function addressDomain(canonical: string): string {
  return canonical.slice(canonical.lastIndexOf('@') + 1);
}

/** Text of a canonical mailbox, least quoted. */
export function addressText(mailbox: CanonicalMailbox): string {
  return mailboxText({ ...mailbox, isLiteral: false });
}

/**
 * The address that a `base+detail` address belongs to, or undefined if it has no detail. A detail that needs quoting
 * belongs to nobody: it could hold what looks like another address.
 */
export function withoutDetail(mailbox: CanonicalMailbox): CanonicalMailbox | undefined {
  const plus = mailbox.localPart.indexOf('+');
  if (plus < 1 || addressText(mailbox).startsWith('"')) return undefined;
  return { localPart: mailbox.localPart.slice(0, plus), domain: mailbox.domain };
}

/** NFC and lower case of a local part, or undefined where folding would not be one letter for one letter of its own kind. */
export function foldLocalPart(localPart: string): string | undefined {
  if (isAsciiText(localPart)) return localPart.toLowerCase();
  if (neverOurs.test(localPart)) return undefined;
  if (hasAsciiDouble(localPart)) return undefined;
  const lowered = lowerEach(localPart.normalize('NFC'));
  const folded = lowered?.normalize('NFC');
  if (folded === undefined || lowerEach(folded) !== folded) return undefined;
  return Buffer.byteLength(folded) <= LOCAL_PART_OCTETS_MAX ? folded : undefined;
}

// UTS 46 maps full-width and other compatibility letters to plain ones: good for reaching a host, too much for being us.
function foldDomain(domain: string): string | undefined {
  const isPlain =
    isAsciiText(domain) || (domain.normalize('NFKC') === domain.normalize('NFC') && !hasAsciiDouble(domain));
  return isPlain ? canonicalDomain(domain) : undefined;
}

/** A letter that normalisation alone makes ASCII (the Kelvin sign is K): two spellings that no reader tells apart. */
function hasAsciiDouble(text: string): boolean {
  for (const letter of text) if (!isAsciiText(letter) && isAsciiText(letter.normalize('NFC'))) return true;
  return false;
}

// Letter by letter, because the lower case of a whole string looks at the neighbours (final sigma).
function lowerEach(text: string): string | undefined {
  let lowered = '';
  for (const letter of text) {
    const lower = letter.toLowerCase();
    const oneForOne = codePoints(lower) === 1 && isAsciiText(lower) === isAsciiText(letter);
    if (!oneForOne) return undefined;
    lowered += lower;
  }
  return lowered;
}

function codePoints(text: string): number {
  return text.length === 1 ? 1 : [...text].length;
}
