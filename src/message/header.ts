// The header of a message as a list of fields (RFC 5322 section 2.2), octet-exact. What two parsers could cut differently is refused:
// a space before the colon, a line without colon, a continuation of white space alone, a bare CR, a bare LF or NUL (F-HDR-7, F-HDR-8,
// F-FROM-10).

import { CR, LF, NUL, octetString, utf8Text } from '../base/bytes.ts';
import { KIB } from '../base/size.ts';
import { err, ok, type Result } from '../base/result.ts';

export interface HeaderField {
  /** As written. */
  readonly name: string;
  /** The whole field with its folding and final CRLF. */
  readonly raw: Uint8Array;
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

const SPACE = 32;
const TAB = 9;
const COLON = 58;

/** `bytes`: fields only, each ending in CRLF. */
export function parseHeader(bytes: Uint8Array): Result<Header, HeaderProblem> {
  const fields: HeaderField[] = [];
  let line = 1;
  let at = 0;
  while (at < bytes.length) {
    const field = fieldAt(bytes, at, line);
    if (!field.ok) return field;
    fields.push(field.value.field);
    if (fields.length > FIELDS_MAX) return err({ detail: `more than ${FIELDS_MAX} header fields` });
    at = field.value.end;
    line += field.value.lines;
  }
  return ok({ fields });
}

interface Cut {
  readonly field: HeaderField;
  readonly end: number;
  readonly lines: number;
}

function fieldAt(bytes: Uint8Array, from: number, line: number): Result<Cut, HeaderProblem> {
  const colon = nameEnd(bytes, from);
  if (colon < 0) return err({ detail: `line ${line} is no header field` });
  let end = from;
  let lines = 0;
  do {
    const lf = lineEnd(bytes, end);
    const next = lf < 0 ? bytes.length : lf + 1;
    if (lf <= end || bytes[lf - 1] !== CR) return err({ detail: `bare CR or LF in line ${line + lines}` });
    if (lines > 0 && isBlank(bytes, end, next))
      return err({ detail: `line ${line + lines} holds white space alone` });
    end = next;
    lines += 1;
  } while (bytes[end] === SPACE || bytes[end] === TAB);
  if (bytes.subarray(from, end).includes(NUL)) return err({ detail: `NUL in the field in line ${line}` });
  if (end - from > FIELD_OCTETS_MAX)
    return err({ detail: `the field in line ${line} is larger than ${FIELD_OCTETS_MAX} octets` });
  const raw = bytes.subarray(from, end);
  return ok({ field: { name: octetString(bytes.subarray(from, colon)), raw }, end, lines });
}

/** Position of the first LF, or of what ends the line before it: a CR without LF. -1: there is none. */
function lineEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    const octet = bytes[at] ?? 0;
    if (octet === LF || (octet === CR && bytes[at + 1] !== LF)) return at;
  }
  return -1;
}

/** Position of the colon right behind a field name of printable ASCII (section 3.6.8), or -1. */
function nameEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length && at - from < 256; at += 1) {
    const octet = bytes[at] ?? 0;
    if (octet === COLON) return at > from ? at : -1;
    if (octet <= SPACE || octet > 126) return -1;
  }
  return -1;
}

function isBlank(bytes: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at += 1) {
    const octet = bytes[at];
    if (octet !== SPACE && octet !== TAB && octet !== CR && octet !== LF) return false;
  }
  return true;
}

/** What stands behind the colon, unfolded; undefined if it is no valid UTF-8. */
export function fieldValue(field: HeaderField): string | undefined {
  return utf8Text(field.raw.subarray(field.name.length + 1))?.replaceAll('\r\n', '');
}

export function isNamed(field: HeaderField, lowerCaseName: string): boolean {
  return field.name.length === lowerCaseName.length && field.name.toLowerCase() === lowerCaseName;
}
