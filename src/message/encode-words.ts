// Text as encoded words (RFC 2047): UTF-8, cut between letters, by Q where half of it stays readable, else by B. Q is the
// narrow form of section 5 (3), so that a word may stand in a phrase and in a comment too.

/** Octets. RFC 2047 section 2 allows 75 in a line of 76: a blank stands before it, a parenthesis and a comma may touch it. */
export const WORD_MAX = 73;
const FRAME = '=?UTF-8?Q?'.length + '?='.length;
/** A letter of four octets by Q: less room than this holds no word. */
export const WORD_MIN = FRAME + 12;

/** What stands for an octet in Q. */
const q: readonly string[] = Array.from({ length: 256 }, (_, octet) => {
  const letter = String.fromCharCode(octet);
  if (/^[A-Za-z0-9!*+/-]$/.test(letter)) return letter;
  return letter === ' ' ? '_' : `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** `firstRoom`: octets that the first word may have, at least `WORD_MIN`. `text`: well formed, not empty. */
export function encodeWords(text: string, firstRoom = WORD_MAX): readonly string[] {
  const octets = Buffer.from(text);
  const isQ = octets.reduce((sum, octet) => sum + qLength(octet), 0) <= 2 * octets.length;
  const words: string[] = [];
  let room = Math.min(firstRoom, WORD_MAX) - FRAME;
  let from = 0;
  while (from < octets.length) {
    const end = isQ ? endByQ(octets, from, room) : endByBase64(octets, from, room);
    const word = octets.subarray(from, end);
    words.push(isQ ? `=?UTF-8?Q?${inQ(word)}?=` : `=?UTF-8?B?${word.toString('base64')}?=`);
    from = end;
    room = WORD_MAX - FRAME;
  }
  return words;
}

function qLength(octet: number): number {
  return q[octet]?.length ?? 0;
}

function inQ(octets: Uint8Array): string {
  let text = '';
  for (const octet of octets) text += q[octet] ?? '';
  return text;
}

/** Where a letter ends, at or after `at`. */
function letterEnd(octets: Uint8Array, at: number): number {
  let end = at + 1;
  while (end < octets.length && isWithinLetter(octets[end])) end += 1;
  return end;
}

function isWithinLetter(octet = 0): boolean {
  return (octet & 0xc0) === 0x80;
}

function endByQ(octets: Uint8Array, from: number, room: number): number {
  let end = from;
  let length = 0;
  while (end < octets.length) {
    const next = letterEnd(octets, end);
    for (let at = end; at < next; at += 1) length += qLength(octets[at] ?? 0);
    if (length > room && end > from) return end;
    end = next;
  }
  return end;
}

function endByBase64(octets: Uint8Array, from: number, room: number): number {
  let end = Math.min(octets.length, from + Math.floor(room / 4) * 3);
  while (end < octets.length && isWithinLetter(octets[end])) end -= 1;
  return end;
}
