// Which account does a login name? Names are prepared as SASLprep says (RFC 4013: invisible letters out, compatibility
// forms to plain ones, controls and mixed directions refused; requirements AUTH-n), without the blanks and line ends that copying leaves around them, then read as a full address, as a bare local
// part where we have one domain only, or as the name of a service. Two spellings name one account or none (F-UNI-2).

import { canonicalAddress, foldLocalPart } from '../policy/address.ts';

/** A longer one names nobody (RFC 5321 section 4.5.3.1: path 256). */
const LOGIN_LENGTH_MAX = 320;

/** The logins, as the store keeps them, that `text` may stand for, the likeliest first; empty: it can name nobody. */
export function loginCandidates(text: string, domains: ReadonlySet<string>): readonly string[] {
  const prepared = text.length > LOGIN_LENGTH_MAX ? undefined : saslPrepared(text);
  if (prepared === undefined) return [];
  if (prepared.includes('@')) {
    const address = canonicalAddress(prepared);
    return address === undefined ? [] : [address];
  }
  const name = foldLocalPart(prepared);
  if (name === undefined) return [];
  const [only, ...others] = domains;
  const address =
    only === undefined || others.length > 0 ? undefined : canonicalAddress(`${prepared}@${only}`);
  return address === undefined ? [name] : [address, name];
}

// RFC 3454 table B.1 (mapped to nothing) and C.1.2 (mapped to a blank).
const mappedToNothing = /[\u00ad\u034f\u1806\u180b-\u180d\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]/g;
const nonAsciiBlank = /(?! )\p{Zs}/gu;
// Tables C.2 to C.9: controls, private use, noncharacters and unassigned, surrogates, direction and layout controls.
const prohibited = /[\p{C}\p{Zl}\p{Zp}\ufff9-\uffff\u2ff0-\u2ffb\u0340\u0341]/u;
const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const leftToRight =
  /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Armenian}\p{Script=Georgian}\p{Script=Devanagari}\p{Script=Thai}]/u;

/** Without the blanks and line ends around it that copying leaves. */
function saslPrepared(text: string): string | undefined {
  const mapped = text.replaceAll(mappedToNothing, '').replaceAll(nonAsciiBlank, ' ').normalize('NFKC').trim();
  if (mapped === '' || prohibited.test(mapped) || !keepsOneDirection(mapped)) return undefined;
  return mapped;
}

/** RFC 3454 section 6: text with right-to-left letters has no left-to-right ones and begins and ends with them. An address is judged by its parts. */
function keepsOneDirection(text: string): boolean {
  return text.split('@').every((part) => {
    const letters = [...part];
    if (!rightToLeft.test(part)) return true;
    const ends = rightToLeft.test(letters[0] ?? '') && rightToLeft.test(letters.at(-1) ?? '');
    return ends && !leftToRight.test(part);
  });
}
