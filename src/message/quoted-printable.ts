// Quoted-printable (RFC 2045 section 6.7): any octets as lines of printable ASCII, at most 76 characters each. CRLF stays the end of a line.

const LINE_MAX = 76;
const HT = 9;
const CR = 13;
const LF = 10;
const SPACE = 32;
const EQUALS = 61;
const TILDE = 126;

export function encodeQuotedPrintable(bytes: Uint8Array): string {
  const lines: string[] = [];
  let line = '';
  for (let at = 0; at < bytes.length; at += 1) {
    const octet = bytes[at] ?? 0;
    if (octet === CR && bytes[at + 1] === LF) {
      lines.push(line);
      line = '';
      at += 1;
      continue;
    }
    const isLast = at + 1 === bytes.length || (bytes[at + 1] === CR && bytes[at + 2] === LF);
    const token = tokenOf(octet, isLast);
    // Room for the `=` of a soft line break, unless the line ends here.
    if (line.length + token.length > LINE_MAX - (isLast ? 0 : 1)) {
      lines.push(`${line}=`);
      line = '';
    }
    line += token;
  }
  lines.push(line);
  return lines.join('\r\n');
}

/** Blanks at the end of a line get lost on the way. */
function tokenOf(octet: number, isLast: boolean): string {
  const isBlank = octet === SPACE || octet === HT;
  const isPlain = octet > SPACE && octet <= TILDE && octet !== EQUALS;
  if (isPlain || (isBlank && !isLast)) return String.fromCharCode(octet);
  return `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
}
