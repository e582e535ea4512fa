// Addresses that a display name shows to its reader (`"ceo@example.org" <alice@example.org>`): many mail programs show nothing
// else. Found in linear time: each `@` looks at most as far as an address may be long and never past another `@`.

import { canonicalMailbox, addressText } from './address.ts';

const LOCAL_PART_LENGTH_MAX = 64;
const DOMAIN_LENGTH_MAX = 255;
/** More than anybody reads; a longer display name is looked at up to here. */
const DISPLAY_NAME_LENGTH_MAX = 2000;

// What a reader takes as part of an address around the `@`.
const localLetter = /[\p{L}\p{M}\p{N}.!#$%&'*+/=?^_`{|}~-]/u;
const domainLetter = /[\p{L}\p{M}\p{N}.-]/u;

/**
 * In canonical form, in order. The text is judged as it is read: full-width and other compatibility letters
 * as the plain ones, invisible letters left out, blanks around the `@` skipped, quotes ignored.
 */
export function addressesInDisplayName(
  displayName: string,
): readonly { readonly address: string; readonly domain: string }[] {
  if (!mayHoldAddress(displayName)) return [];
  const letters = [...asRead(displayName)];
  const found: { address: string; domain: string }[] = [];
  for (let at = letters.indexOf('@'); at !== -1; at = letters.indexOf('@', at + 1)) {
    const mailbox = canonicalMailbox(`${localPartBefore(letters, at)}@${domainAfter(letters, at)}`);
    if (mailbox !== undefined) found.push({ address: addressText(mailbox), domain: mailbox.domain });
  }
  return found;
}

function mayHoldAddress(displayName: string): boolean {
  return /[@\ufe6b\uff20]/.test(displayName);
}

// What nobody sees is taken away first: it must not push what everybody sees beyond the part that is looked at.
function asRead(displayName: string): string {
  return visible(visible(turned(displayName)).slice(0, DISPLAY_NAME_LENGTH_MAX).normalize('NFKC'));
}

function visible(text: string): string {
  return text
    .replaceAll(/[\p{Default_Ignorable_Code_Point}\p{C}"\\]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\u3002\uff61]/g, '.');
}

/** Behind a right-to-left override the letters are seen from their end: the text as written, then as seen. */
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

function domainAfter(letters: readonly string[], at: number): string {
  let start = at + 1;
  while (letters[start] === ' ' && start - at < LOCAL_PART_LENGTH_MAX) start += 1;
  let end = start;
  while (end - start < DOMAIN_LENGTH_MAX && domainLetter.test(letters[end] ?? '')) end += 1;
  return trimmed(letters.slice(start, end).join(''));
}

// A sentence's full stop or a quote mark beside an address is no part of it.
function trimmed(text: string): string {
  return text.replace(/^[.'`]+/, '').replace(/[.'`-]+$/, '');
}
