// The header of a message as a list of fields (RFC 5322 section 2.2), octet-exact. What two parsers could cut differently is refused:
// a space before the colon, a line without colon, a continuation of white space alone, a bare CR, a bare LF or NUL (F-HDR-7, F-HDR-8,
// F-FROM-10).

import { isAscii, octetString, utf8Text } from '../base/bytes.ts';
import { KIB } from '../base/size.ts';
import { err, ok, type Result } from '../base/result.ts';

export interface HeaderField {
  /** As written. */
  readonly name: string;
  readonly lowerCaseName: string;
  /** The whole field with its folding and final CRLF. */
  readonly raw: Uint8Array;
  /** What follows the colon with its folding and final CRLF, one character an octet. */
  readonly octets: string;
  readonly isAscii: boolean;
}

export interface Header {
  readonly fields: readonly HeaderField[];
}

export interface HeaderProblem {
  readonly detail: string;
}

/** Requirements 5322-k. */
export const FIELDS_MAX = 1000;
export const FIELD_OCTETS_MAX = 64 * KIB;

/** What no line of a header may hold beside its CRLF. */
const stray = /\r(?!\n)|(?<!\r)\n|\0/;
/** Printable ASCII and the colon right after it (section 3.6.8). */
const fieldName = /[!-9;-~]{1,255}:/y;
const blankLine = /[ \t]*\r\n/y;

/** `bytes`: fields only, each ending in CRLF. One string of all octets is searched: a call into native code for each field costs more. */
export function parseHeader(bytes: Uint8Array): Result<Header, HeaderProblem> {
  const text = octetString(bytes);
  const flaw = stray.exec(text)?.index;
  const allAscii = isAscii(bytes);
  const fields: HeaderField[] = [];
  let line = 1;
  let at = 0;
  while (at < bytes.length) {
    const cut = cutField(text, at, line);
    if (!cut.ok) return cut;
    const { colon, end, lines } = cut.value;
    if (flaw !== undefined && flaw < end) return err(flawDetail(text, flaw, line, at));
    if (end - at > FIELD_OCTETS_MAX)
      return err({ detail: `the field in line ${line} is larger than ${FIELD_OCTETS_MAX} octets` });
    const raw = bytes.subarray(at, end);
    fields.push(fieldOf(text.slice(at, colon), text.slice(colon + 1, end), raw, allAscii || isAscii(raw)));
    if (fields.length > FIELDS_MAX) return err({ detail: `more than ${FIELDS_MAX} header fields` });
    at = end;
    line += lines;
  }
  return ok({ fields });
}

/** One field by itself, of which only the colon is known. */
export function headerField(raw: Uint8Array): HeaderField {
  const text = octetString(raw);
  const colon = text.indexOf(':');
  return fieldOf(text.slice(0, colon), text.slice(colon + 1), raw, isAscii(raw));
}

function fieldOf(name: string, octets: string, raw: Uint8Array, ascii: boolean): HeaderField {
  return { name, lowerCaseName: name.toLowerCase(), raw, octets, isAscii: ascii };
}

interface Cut {
  readonly colon: number;
  readonly end: number;
  readonly lines: number;
}

/** From the name to the end of the last line that continues it. */
function cutField(text: string, from: number, line: number): Result<Cut, HeaderProblem> {
  fieldName.lastIndex = from;
  if (!fieldName.test(text)) return err({ detail: `line ${line} is no header field` });
  const colon = fieldName.lastIndex - 1;
  let end = from;
  let lines = 0;
  do {
    blankLine.lastIndex = end;
    if (lines > 0 && blankLine.test(text))
      return err({ detail: `line ${line + lines} holds white space alone` });
    const crlf = text.indexOf('\r\n', end);
    if (crlf < 0) return err({ detail: `bare CR or LF in line ${line + lines}` });
    end = crlf + 2;
    lines += 1;
  } while (text[end] === ' ' || text[end] === '\t');
  return ok({ colon, end, lines });
}

function flawDetail(text: string, flaw: number, line: number, from: number): HeaderProblem {
  if (text[flaw] === '\0') return { detail: `NUL in the field in line ${line}` };
  const before = text.slice(from, flaw).split('\r\n').length - 1;
  return { detail: `bare CR or LF in line ${line + before}` };
}

/** What follows the colon, unfolded; undefined if it is no valid UTF-8. */
export function fieldValue(field: HeaderField): string | undefined {
  const text = field.isAscii ? field.octets : utf8Text(field.raw.subarray(field.name.length + 1));
  return text?.replaceAll('\r\n', '');
}

export function isNamed(field: HeaderField, lowerCaseName: string): boolean {
  return field.lowerCaseName === lowerCaseName;
}
