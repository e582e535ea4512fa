// Addresses that a display name shows to its reader (`"ceo@example.org" <alice@example.org>`): many mail programs show nothing
// else. Found in linear time: each `@` looks at most as far as an address may be long and never past another `@`.

import { canonicalMailbox, addressText } from './address.ts';

const LOCAL_PART_LENGTH_MAX = 64;
const DOMAIN_LENGTH_MAX = 255;
/** More than anybody reads; a longer display name is looked at up to here. */
const DISPLAY_NAME_LENGTH_MAX = 2000;

// What a reader takes as part of an address around the `@`.
const localLetter = /[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_`{|}~-]/u;
const domainLetter = /[\p{L}\p{M}\p{N}.\u00b7\u30fb-]/u;
/** Drawn as nothing, though Unicode does not call them so: the object replacement character and the null notehead. */
const drawnAsNothing = /[\ufffc\u{1d159}]/gu;
/** Drawn as a blank: Braille and Egyptian ones. */
const drawnAsBlank = /[\u2800\u{13441}\u{13442}]/gu;
/** Middle dots, foreign full stops and bullets that a reader takes for the dot of a domain. */
const drawnAsDot =
  /[\u00b7\u0387\u0589\u05c5\u06d4\u0701\u0702\u2022\u2027\u2219\u22c5\u2e31\u2e33\u30fb\ua4f8]/g;

/**
 * In canonical form, in order. The text is judged as it is read: full-width and other compatibility letters
 * as the plain ones, invisible letters left out, blanks around the `@` and the dots of the domain skipped, quotes ignored;
 * and once more as a hasty reader has it: without comments and marks on letters, with everything for a dot that looks like one.
 * Letters that resemble others and blanks inside a word are not undone: the address beside the name must speak for itself there.
 */
export function addressesInDisplayName(
  displayName: string,
): readonly { readonly address: string; readonly domain: string }[] {
  if (!mayHoldAddress(displayName)) return [];
  const read = asRead(displayName);
  return [...new Set([read, asReadInHaste(read)])].flatMap((text) => addressesIn([...text]));
}

function addressesIn(letters: readonly string[]): { address: string; domain: string }[] {
  const found: { address: string; domain: string }[] = [];
  for (let at = letters.indexOf('@'); at !== -1; at = letters.indexOf('@', at + 1)) {
    const localPart = localPartBefore(letters, at);
    for (const domain of domainsAfter(letters, at)) {
      const mailbox = canonicalMailbox(`${localPart}@${domain}`);
      if (mailbox !== undefined) found.push({ address: addressText(mailbox), domain: mailbox.domain });
    }
  }
  return found;
}

function mayHoldAddress(displayName: string): boolean {
  return /[@\ufe6b\uff20]/.test(displayName);
}

// Invisible letters are removed first: they must not push visible ones beyond the part that is looked at.
function asRead(displayName: string): string {
  return visible(visible(turned(displayName)).slice(0, DISPLAY_NAME_LENGTH_MAX).normalize('NFKC'));
}

function visible(text: string): string {
  return text
    .replaceAll(/[\p{Default_Ignorable_Code_Point}\p{C}"\\]/gu, '')
    .replaceAll(drawnAsNothing, '')
    .replaceAll(drawnAsBlank, ' ')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\u3002\uff61]/g, '.');
}

/** What normalization has left of the marks stands on letters that have no form with it. */
function asReadInHaste(text: string): string {
  return text
    .replaceAll(/ ?\([^()@]*\)/g, '')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(drawnAsDot, '.');
}

/** After a right-to-left override letters are shown in reverse: the text as written, then as shown. */
function turned(text: string): string {
  if (!text.includes('\u202e')) return text;
  const seen = text.replaceAll(/\u202e([^\u202c\u202e]*)/g, (_, hidden: string) =>
    [...hidden].toReversed().join(''),
  );
  return `${text} ${seen}`;
}

function localPartBefore(letters: readonly string[], at: number): string {
  let end = at;
  while (end > 0 && letters[end - 1] === ' ' && at - end < LOCAL_PART_LENGTH_MAX) end -= 1;
  let start = end;
  while (start > 0 && end - start < LOCAL_PART_LENGTH_MAX && localLetter.test(letters[start - 1] ?? ''))
    start -= 1;
  return trimmed(letters.slice(start, end).join(''));
}

/** As written, then what follows each blank beside a dot: `example .org` is read as one, `example.org. Yours` as two. */
function domainsAfter(letters: readonly string[], at: number): readonly string[] {
  const domains: string[] = [];
  let start = at + 1;
  while (letters[start] === ' ' && start - at < LOCAL_PART_LENGTH_MAX) start += 1;
  let domain = '';
  let end = start;
  for (; end - start < DOMAIN_LENGTH_MAX; end += 1) {
    const letter = letters[end] ?? '';
    if (letter === ' ' && (letters[end - 1] === '.' || letters[end + 1] === '.'))
      domains.push(trimmed(domain));
    else if (domainLetter.test(letter)) domain += letter;
    else break;
  }
  return [...domains, trimmed(domain)];
}

// A sentence's full stop or a quote mark beside an address is no part of it.
function trimmed(text: string): string {
  return text.replace(/^[.'`]+/, '').replace(/[.'`-]+$/, '');
}
