// The text of a TXT record, from whatever of its line in a zone file somebody pasted: the line, its strings, or the bare text.

const STRING = /"((?:[^"\\]|\\[^])*)"/g;
const BEFORE_TEXT = /^.*?\sTXT\s+/is;

/** Strings are put together without a gap, as readers of the DNS do (RFC 1035 section 5.1). */
export function pastedText(pasted: string): string {
  const strings = [...pasted.matchAll(STRING)].map(([, text = '']) => text.replaceAll(/\\([^])/g, '$1'));
  return strings.length > 0 ? strings.join('') : pasted.replace(BEFORE_TEXT, '').trim();
}
