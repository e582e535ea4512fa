// The part of a report that gives the message back, or its header (RFC 6522 section 4, RFC 6533 section 5), as 7-bit lines whatever it holds:
// nobody knows yet which hop the report will take. What is not 7-bit as it is goes encoded, where its type may be: text/rfc822-headers and
// message/global may, message/rfc822 may not (RFC 2046 section 5.2.1).

import { concat, isAscii, octetString, utf8, utf8Text } from '../base/bytes.ts';
import { encodeQuotedPrintable } from './quoted-printable.ts';

export interface Returned {
  readonly bytes: Uint8Array;
  /** The whole message, or its header alone. */
  readonly whole: boolean;
}

/** RFC 5322 section 2.1.1, without CRLF. */
const LINE_MAX = 998;
const BASE64_LINE = 76;
const BLANK_LINE = '\r\n\r\n';

export function headerOf(bytes: Uint8Array): Uint8Array {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(BLANK_LINE);
  return end < 0 ? bytes : bytes.subarray(0, end + BLANK_LINE.length);
}

/** The body part with its own header. `isGlobal`: its reader knows RFC 6532. */
export function returnedPart({ bytes, whole }: Returned, isGlobal: boolean): Uint8Array {
  if (isPlain(bytes))
    return concat([utf8(`Content-Type: ${whole ? 'message/rfc822' : 'text/rfc822-headers'}\r\n\r\n`), bytes]);
  const header = headerOf(bytes);
  const isUtf8 = utf8Text(header) !== undefined;
  if (whole && isUtf8)
    return utf8(
      `Content-Type: message/global\r\nContent-Transfer-Encoding: base64\r\n\r\n${encodeBase64(bytes)}`,
    );
  const type = isGlobal && isUtf8 ? 'message/global-headers' : headersType(header, isUtf8);
  return utf8(
    `Content-Type: ${type}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${octetString(encodeQuotedPrintable(header))}`,
  );
}

function headersType(header: Uint8Array, isUtf8: boolean): string {
  return `text/rfc822-headers${isUtf8 && !isAscii(header) ? '; charset=utf-8' : ''}`;
}

function isPlain(bytes: Uint8Array): boolean {
  if (!isAscii(bytes)) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return text.split('\r\n').every((line) => line.length <= LINE_MAX && !/[\r\n\0]/.test(line));
}

function encodeBase64(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return (text.match(new RegExp(`.{1,${BASE64_LINE}}`, 'g')) ?? []).join('\r\n');
}
