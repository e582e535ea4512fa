// The header of a message from elsewhere: whatever can be read as a field is.

import { type Header, type HeaderField, parseHeader } from '../message/header.ts';

const HEADER_MAX = 1024 * 1024;

/** `text`: a message, one character an octet, every line ending in CRLF. */
export function lenientHeader(text: string): Header {
  if (text.startsWith('\r\n')) return { fields: [] };
  const blank = text.indexOf('\r\n\r\n');
  const header = text.slice(0, Math.min(HEADER_MAX, blank < 0 ? text.length : blank));
  const fields: HeaderField[] = [];
  for (const raw of header.split(/\r\n(?![ \t])/)) {
    const parsed = parseHeader(Buffer.from(`${raw}\r\n`, 'latin1'));
    if (parsed.ok) fields.push(...parsed.value.fields);
  }
  return { fields };
}
