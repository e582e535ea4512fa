// Quoted-printable (RFC 2045 section 6.7): text whose lines are too long for mail, or hold octets above 127, as short lines of ASCII. A soft line
// break (`=` at the end) is no end of a line to the reader, so the text is the same on the other side, to the octet.

import { CR, LF } from '../base/bytes.ts';

/** Of a line without its end (RFC 2045 section 6.7 rule 5). */
const LINE_OCTETS_MAX = 76;
const TAB = 9;
const SPACE = 32;
const EQUALS = 61;
const TILDE = 126;
const DOT = 46;
const F = 70;
const hex = Buffer.from('0123456789ABCDEF');

/** `text`: lines that end with CRLF. */
export function encodeQuotedPrintable(text: Uint8Array): Uint8Array {
  // At worst each octet is three, and each 73 of those need a soft break.
  const out = new Uint8Array(text.length * 3 + Math.ceil((text.length * 3) / (LINE_OCTETS_MAX - 3) + 1) * 3);
  let used = 0;
  let column = 0;
  for (let at = 0; at < text.length; at += 1) {
    const octet = text[at] ?? 0;
    if (octet === CR && text[at + 1] === LF) {
      out[used] = CR;
      out[used + 1] = LF;
      used += 2;
      column = 0;
      at += 1;
      continue;
    }
    const isLast = at + 1 === text.length || (text[at + 1] === CR && text[at + 2] === LF);
    const isPlain = mayStand(octet, isLast, column);
    const width = isPlain ? 1 : 3;
    // What ends the line may use the place that a soft break would need.
    if (column + width > (isLast ? LINE_OCTETS_MAX : LINE_OCTETS_MAX - 1)) {
      out[used] = EQUALS;
      out[used + 1] = CR;
      out[used + 2] = LF;
      used += 3;
      column = 0;
      at -= 1;
      continue;
    }
    if (isPlain) out[used] = octet;
    else {
      out[used] = EQUALS;
      out[used + 1] = hex[octet >> 4] ?? 0;
      out[used + 2] = hex[octet & 15] ?? 0;
    }
    used += width;
    column += width;
  }
  return out.subarray(0, used);
}

/** White space at the end of a line gets lost on the way; a dot or `From ` at its beginning is changed by some. */
function mayStand(octet: number, isLast: boolean, column: number): boolean {
  if (octet === SPACE || octet === TAB) return !isLast;
  if (column === 0 && (octet === DOT || octet === F)) return false;
  return octet > SPACE && octet <= TILDE && octet !== EQUALS;
}
