// What strangers wrote, safe to show on a terminal and in a log: no control characters, no escapes, no direction marks (F-HDR-4).

export function safe(text: string): string {
  if (/^[ -~]*$/.test(text)) return text;
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}

/** Of a text of several lines; a tab, as in folded lines of a header, becomes four blanks. */
export function safeLines(text: string): string {
  return text
    .split('\n')
    .map((line) => safe(line.replaceAll('\t', '    ')))
    .join('\n');
}
