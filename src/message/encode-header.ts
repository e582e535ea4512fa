// A header with raw UTF-8, as cron, scripts and printers write it, encoded in ASCII: text of unstructured fields, of display names and of comments
// as encoded words (RFC 2047), parameters as RFC 2231 has them. For programs that did not declare SMTPUTF8; RFC 6409 section 8.4 allows it. What
// has no ASCII form (an address, the inside of an identifier) and octets that are no UTF-8 are told apart, not repaired.

import { utf8 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { addressPieces, commentedPieces } from './encode-structured.ts';
import { layOut, type Piece, textPieces, wordsOf } from './encode-layout.ts';
import { parameterPieces } from './encode-parameters.ts';
import { fieldValue, type Header, headerField, type HeaderField } from './header.ts';

export interface EncodedHeader {
  readonly header: Header;
  /** Names of the fields that were encoded, as written; empty: the header is what it was. */
  readonly encoded: readonly string[];
}

export interface EncodingProblem {
  /** Name of the field. */
  readonly field: string;
  /** `notUtf8`: its octets are no valid UTF-8. `noAsciiForm`: an address or an identifier in it is not ASCII; only SMTPUTF8 can carry it. */
  readonly problem: 'notUtf8' | 'noAsciiForm';
}

const addressFields: ReadonlySet<string> = new Set([
  ...['from', 'sender', 'reply-to', 'to', 'cc', 'resent-from', 'resent-sender', 'resent-to', 'resent-cc'],
  ...['resent-reply-to', 'disposition-notification-to', 'return-receipt-to', 'errors-to', 'apparently-to'],
  ...['mail-followup-to', 'mail-reply-to', 'list-id', 'keywords', 'in-reply-to', 'references'],
]);
const parameterFields: ReadonlySet<string> = new Set(['content-type', 'content-disposition']);
/** Fields that readers and servers parse: only their comments may be encoded. */
const structuredFields: ReadonlySet<string> = new Set([
  ...['date', 'resent-date', 'message-id', 'resent-message-id', 'received', 'mime-version', 'content-id'],
  ...['content-transfer-encoding', 'content-language', 'content-location', 'content-base', 'content-md5'],
  ...['dkim-signature', 'domainkey-signature', 'arc-seal', 'arc-message-signature', 'received-spf'],
  ...['arc-authentication-results', 'authentication-results', 'list-archive', 'list-help', 'list-owner'],
  ...['list-post', 'list-subscribe', 'list-unsubscribe', 'list-unsubscribe-post', 'archived-at', 'autocrypt'],
  ...['auto-submitted', 'expires', 'supersedes', 'original-message-id', 'tls-required'],
  ...['require-recipient-valid-since', 'vbr-info', 'face', 'x-face', 'openpgp'],
]);

/** Fields that are removed (`complete.ts`), so their content does not matter. */
export const neverLeaving: ReadonlySet<string> = new Set(['bcc', 'resent-bcc', 'return-path', 'mt-priority']);

/** Pure, linear; fields that are ASCII stay the same octets, and so does a header that is. May grow to ten times its octets (`To: ü,ü,…`). */
export function encodeHeader(header: Header): Result<EncodedHeader, EncodingProblem> {
  const encoded: string[] = [];
  const fields: HeaderField[] = [];
  for (const field of header.fields) {
    if (field.isAscii || neverLeaving.has(field.lowerCaseName)) fields.push(field);
    else {
      const plain = encodeField(field);
      if (!plain.ok) return plain;
      fields.push(plain.value);
      encoded.push(field.name);
    }
  }
  return ok(encoded.length === 0 ? { header, encoded } : { header: { fields }, encoded });
}

function encodeField(field: HeaderField): Result<HeaderField, EncodingProblem> {
  const { name, lowerCaseName } = field;
  const unfolded = fieldValue(field);
  if (unfolded === undefined) return err({ field: name, problem: 'notUtf8' });
  const pieces = piecesOf(lowerCaseName, withFolds(field));
  if (pieces === undefined) return err({ field: name, problem: 'noAsciiForm' });
  return ok(headerField(utf8(layOut(name, pieces))));
}

/** What stands after the colon, as text, without the final CRLF. */
function withFolds({ name, raw }: HeaderField): string {
  return Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString(
    'utf8',
    name.length + 1,
    raw.length - 2,
  );
}

/** Undefined: something in it is not ASCII and can't be encoded. */
function piecesOf(lowerCaseName: string, value: string): readonly Piece[] | undefined {
  if (addressFields.has(lowerCaseName)) return addressPieces(value);
  if (parameterFields.has(lowerCaseName)) return parameterPieces(value);
  return structuredFields.has(lowerCaseName) ? commentedPieces(value) : unstructuredPieces(value);
}

function unstructuredPieces(value: string): readonly Piece[] {
  const { words, end } = wordsOf(value, /[^ \t\r\n]+/y);
  return [...textPieces(words), ...(end === '' ? [] : [{ type: 'space', raw: end } as const])];
}
