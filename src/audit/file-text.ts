// A message as an abuse desk has it in a file, brought into the form that it had on the wire: programs save it with a byte order mark, in
// UTF-16, with other line ends, in an mbox. One character an octet; every line ends in CRLF. Linear in time.

const MESSAGES_MAX = 20;

/** The messages of a file: one, unless it is an mbox. */
export function fileTexts(bytes: Uint8Array): readonly string[] {
  const text = withLineEnds(octetsOf(bytes)).replace(/^(?:\r\n)+/, '');
  return isMboxLine(text, 0) ? mboxMessages(text) : [text];
}

function octetsOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const encoding = utf16Of(buffer);
  const text =
    encoding === undefined
      ? buffer.toString('latin1')
      : Buffer.from(new TextDecoder(encoding).decode(buffer)).toString('latin1');
  return text.startsWith('\u00EF\u00BB\u00BF') ? text.slice(3) : text;
}

/** By its mark; without one by its first letters, which are ASCII. */
function utf16Of(buffer: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const [first, second, third, fourth] = buffer;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (fourth === undefined) return undefined;
  if (first !== 0 && second === 0 && third !== 0 && fourth === 0) return 'utf-16le';
  if (first === 0 && second !== 0 && third === 0 && fourth !== 0) return 'utf-16be';
  return undefined;
}

/** CR CR LF is one line end that was converted twice; CRs alone are one each. */
export function withLineEnds(text: string): string {
  if (!/\r(?!\n)|(?<!\r)\n/.test(text)) return text;
  return text.replaceAll(/\r+\n?|\n/g, (ends) => (ends.endsWith('\n') ? '\r\n' : '\r\n'.repeat(ends.length)));
}

/** `From alice@example.org Mon Nov 23 10:00:00 2026`: no field, for it has no colon after its name. */
function isMboxLine(text: string, at: number): boolean {
  if (!text.startsWith('From ', at)) return false;
  const line = text.slice(at, Math.min(text.length, at + 1000)).split('\r\n', 1)[0] ?? '';
  return !/^From[ \t]*:/.test(line);
}

/** Inside of an mbox such words may begin a paragraph: there its time must be there too. */
function isNextMboxLine(text: string, at: number): boolean {
  const line = text.slice(at, Math.min(text.length, at + 200)).split('\r\n', 1)[0] ?? '';
  return isMboxLine(text, at) && / \d{1,2}:\d{2}(?::\d{2})? .*\d{4}/.test(line);
}

function mboxMessages(text: string): readonly string[] {
  const messages: string[] = [];
  let from = 0;
  while (from < text.length && messages.length < MESSAGES_MAX) {
    const begin = text.indexOf('\r\n', from);
    if (begin < 0) break;
    let end = text.indexOf('\r\n\r\nFrom ', begin);
    while (end >= 0 && !isNextMboxLine(text, end + 4)) end = text.indexOf('\r\n\r\nFrom ', end + 4);
    messages.push(text.slice(begin + 2, end < 0 ? undefined : end + 2));
    if (end < 0) break;
    from = end + 4;
  }
  return messages;
}
