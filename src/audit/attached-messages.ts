// The messages inside a message: what a complaint is about is attached to it, as an abuse report (RFC 5965), a delivery report, or forwarded.
// Bounded in depth and number, linear in time for each level.

import { type HeaderField, fieldValue, type Header, isNamed } from '../message/header.ts';
import { lenientHeader } from './lenient-header.ts';
import { withLineEnds } from './file-text.ts';

const DEPTH_MAX = 8;
const MESSAGES_MAX = 20;
const PARTS_MAX = 200;

interface Found {
  readonly messages: string[];
  parts: number;
}

/** The outermost first; each with its header, and its body if that is there too. */
export function attachedMessages(text: string): readonly string[] {
  const found: Found = { messages: [], parts: 0 };
  lookInto(text, false, 0, found);
  return found.messages;
}

/** `isDigest`: parts that name no type are messages (RFC 2046 section 5.1.5). */
function lookInto(entity: string, isDigest: boolean, depth: number, found: Found): void {
  found.parts += 1;
  if (depth > DEPTH_MAX || found.parts > PARTS_MAX || found.messages.length >= MESSAGES_MAX) return;
  const header = lenientHeader(entity);
  const type = contentType(header, isDigest);
  const body = bodyOf(entity);
  if (type.name.startsWith('multipart/') && type.boundary !== undefined) {
    for (const part of partsOf(body, type.boundary))
      lookInto(part, type.name === 'multipart/digest', depth + 1, found);
  } else if (isMessage(type, header)) {
    const message = withLineEnds(decoded(body, header)).replace(/^(?:\r\n)+/, '');
    found.messages.push(message);
    lookInto(message, false, depth + 1, found);
  }
}

interface ContentType {
  readonly name: string;
  readonly boundary?: string;
}

function contentType(header: Header, isDigest: boolean): ContentType {
  const value = valueOf(header, 'content-type');
  const name =
    /^\s*([^\s;]+)/.exec(value)?.[1]?.toLowerCase() ?? (isDigest ? 'message/rfc822' : 'text/plain');
  const quoted = /;\s*boundary\s*=\s*"([^"]{1,200})"/i.exec(value)?.[1];
  const boundary = quoted ?? /;\s*boundary\s*=\s*([^\s;"]{1,200})/i.exec(value)?.[1];
  return { name, ...(boundary === undefined ? {} : { boundary: boundary.trimEnd() }) };
}

const messageTypes: ReadonlySet<string> = new Set([
  'message/rfc822',
  'message/global',
  'message/global-headers',
  'text/rfc822-headers',
  'text/rfc822',
]);

/** Some programs attach a message as a file of no type. */
function isMessage({ name }: ContentType, header: Header): boolean {
  if (messageTypes.has(name)) return true;
  const named = `${valueOf(header, 'content-type')} ${valueOf(header, 'content-disposition')}`;
  return /name\*?=\s*"?[^";]{1,200}\.eml"?\s*(?:;|$| )/i.test(named);
}

function valueOf(header: Header, name: string): string {
  const field: HeaderField | undefined = header.fields.find((one) => isNamed(one, name));
  return field === undefined ? '' : (fieldValue(field) ?? '').slice(0, 2000);
}

function bodyOf(entity: string): string {
  if (entity.startsWith('\r\n')) return entity.slice(2);
  const blank = entity.indexOf('\r\n\r\n');
  return blank < 0 ? '' : entity.slice(blank + 4);
}

/** The line end before a boundary belongs to it (RFC 2046 section 5.1.1). */
function partsOf(body: string, boundary: string): readonly string[] {
  const mark = `--${boundary}`;
  const parts: string[] = [];
  let begin: number | undefined;
  let at = body.startsWith(mark) ? 0 : nextMark(body, mark, 0);
  while (at >= 0 && parts.length < PARTS_MAX) {
    if (begin !== undefined) parts.push(body.slice(begin, Math.max(begin, at - 2)));
    const lineEnd = body.indexOf('\r\n', at);
    const isLast = body.startsWith('--', at + mark.length);
    begin = lineEnd < 0 || isLast ? undefined : lineEnd + 2;
    at = lineEnd < 0 || isLast ? -1 : nextMark(body, mark, lineEnd);
  }
  // Without its end it was cut off on its way: what is there counts.
  if (begin !== undefined && parts.length < PARTS_MAX) parts.push(body.slice(begin));
  return parts;
}

function nextMark(body: string, mark: string, from: number): number {
  const at = body.indexOf(`\r\n${mark}`, from);
  return at < 0 ? -1 : at + 2;
}

/** RFC 2046 allows no encoding of a message; some programs use one all the same. */
function decoded(body: string, header: Header): string {
  switch (valueOf(header, 'content-transfer-encoding').trim().toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64').toString('latin1');
    case 'quoted-printable':
      return body
        .replaceAll(/=[ \t]*\r\n/g, '')
        .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
    default:
      return body;
  }
}
