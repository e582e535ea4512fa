// The form of most addresses: a lower-case dot-string at a name of lower-case LDH labels, none of them an A-label. Such an address is its own
// canonical form, and one walk over its characters shows it; everything else is judged by the grammar in `mailbox.ts`.

const ATEXT = 1;
const LDH = 2;
const DOT = 46;
const HYPHEN = 45;
const AT = 64;
const LOWER_A = 97;

/** RFC 5321 section 4.5.3.1.1, octets; and less than what the whole may have. */
const LOCAL_PART_MAX = 64;
const LABEL_MAX = 63;
const TEXT_MAX = 200;

const kinds = new Uint8Array(128);
for (const letter of "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~") mark(letter, ATEXT);
for (const letter of 'abcdefghijklmnopqrstuvwxyz0123456789-') mark(letter, LDH);

function mark(letter: string, kind: number): void {
  const code = letter.charCodeAt(0);
  kinds[code] = (kinds[code] ?? 0) | kind;
}

function is(kind: number, code: number): boolean {
  return ((kinds[code] ?? 0) & kind) !== 0;
}

/** Position of the `@`, or -1: it is not plain, but may be a mailbox. */
export function plainMailboxAt(text: string): number {
  if (text.length > TEXT_MAX) return -1;
  let before = DOT;
  for (let at = 0; at <= LOCAL_PART_MAX && at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === AT) return before !== DOT && isPlainName(text, at + 1) ? at : -1;
    if (code === DOT ? before === DOT : !is(ATEXT, code)) return -1;
    before = code;
  }
  return -1;
}

/** Two labels at least, and the last one begins with a letter. */
function isPlainName(text: string, from: number): boolean {
  let label = from;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (!isPlainLabel(text, label, at)) return false;
      label = at + 1;
    } else if (!is(LDH, code)) return false;
  }
  return label > from && text.charCodeAt(label) >= LOWER_A && isPlainLabel(text, label, text.length);
}

/** With two hyphens after its second letter it could be an A-label. */
function isPlainLabel(text: string, from: number, end: number): boolean {
  if (end === from || end - from > LABEL_MAX) return false;
  if (text.charCodeAt(from) === HYPHEN || text.charCodeAt(end - 1) === HYPHEN) return false;
  return text.charCodeAt(from + 2) !== HYPHEN || text.charCodeAt(from + 3) !== HYPHEN;
}
