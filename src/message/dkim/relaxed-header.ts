// Header fields as the signature sees them under `relaxed` (RFC 6376 section 3.4.2): the name in lower case, no folding, each run of white
// space one space, none around the colon nor at the end. Linear in time.

import { CR, LF } from '../../base/bytes.ts';

const SPACE = 32;
const TAB = 9;
const COLON = 58;

/** The fields one after the other, each ending in CRLF. Each is given whole, with its folding and final CRLF. */
export function relaxedFields(fields: readonly Uint8Array[]): Uint8Array {
  const most = fields.reduce((sum, { length }) => sum + length + 2, 0);
  const into = Buffer.allocUnsafe(most);
  let at = 0;
  for (const field of fields) at = relaxField(field, into, at);
  return into.subarray(0, at);
}

/** Where the next one goes. */
function relaxField(field: Uint8Array, into: Uint8Array, from: number): number {
  let at = from;
  /** Where the value begins; -1: still in the name. */
  let value = -1;
  /** White space was read that counts if something follows. */
  let space = false;
  for (let read = 0; read < field.length; read += 1) {
    const octet = field[read] ?? 0;
    if (octet === SPACE || octet === TAB) space = true;
    else if (octet === COLON && value < 0) {
      space = false;
      into[at++] = COLON;
      value = at;
    } else if (octet !== CR && octet !== LF) {
      if (space && value >= 0 && at > value) into[at++] = SPACE;
      space = false;
      into[at++] = value < 0 ? lowerCase(octet) : octet;
    }
  }
  into[at++] = CR;
  into[at++] = LF;
  return at;
}

function lowerCase(octet: number): number {
  return octet >= 65 && octet <= 90 ? octet + 32 : octet;
}
