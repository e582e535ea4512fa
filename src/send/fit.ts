// A message that mail can carry, made of what a program wrote: raw UTF-8 in the header is encoded, header lines that are too long are folded, and a
// text with such lines is written as quoted-printable: all of it gives its reader the same text. What can't be made fit without a change of what it says is left as it is, and refused.

import { concat, utf8, utf8Text } from '../base/bytes.ts';
import { EX } from '../base/sysexits.ts';
import { encodeHeader } from '../message/encode-header.ts';
import { foldField } from '../message/fold.ts';
import { fieldValue, headerField, type HeaderField, isNamed } from '../message/header.ts';
import { encodeQuotedPrintable } from '../message/quoted-printable.ts';
import { LineWatch } from '../protocol/wire/data-framing.ts';
import { SendFailure } from './failure.ts';

const addressFields = new Set([
  ...['from', 'sender', 'reply-to', 'to', 'cc', 'bcc'],
  ...['resent-from', 'resent-sender', 'resent-to', 'resent-cc', 'resent-bcc'],
]);

/** `fields`: each whole, with its CRLF. Throws `SendFailure` EX_DATAERR. */
export function fitMessage(fields: readonly Uint8Array[], body: Uint8Array): Uint8Array {
  const header = encoded(fields).map(fitField);
  const text = hasLongLine(body) ? fitText(header.map(headerField), body) : undefined;
  return concat([...(text?.fields ?? header), utf8('\r\n'), text?.body ?? body]);
}

/** An address that is not ASCII has no other form: then the header stays, and needs a server with SMTPUTF8. */
function encoded(fields: readonly Uint8Array[]): readonly Uint8Array[] {
  const result = encodeHeader({ fields: fields.map(headerField) });
  if (result.ok) return result.value.header.fields.map(({ raw }) => raw);
  const { field, problem } = result.error;
  if (problem === 'noAsciiForm') return fields;
  throw new SendFailure(EX.DATAERR, `${field} holds octets that are no UTF-8: write the header in UTF-8`);
}

function fitField(raw: Uint8Array): Uint8Array {
  // The name alone, as most lines are short.
  const { name, lowerCaseName } = headerField(raw);
  const folded = foldField(raw, addressFields.has(lowerCaseName));
  if (folded !== undefined) return folded;
  throw new SendFailure(
    EX.DATAERR,
    `${name} has a line of more than 998 octets without a blank to fold it at, which no mail may have: shorten it`,
  );
}

function hasLongLine(body: Uint8Array): boolean {
  const watch = new LineWatch('refuse');
  watch.watch(body);
  return watch.flaw?.type === 'longLine';
}

interface Fitted {
  readonly fields: readonly Uint8Array[];
  readonly body: Uint8Array;
}

/** Undefined: it is no text of one part that may be encoded, and the server has the say. */
function fitText(fields: readonly HeaderField[], body: Uint8Array): Fitted | undefined {
  const named = (name: string): readonly HeaderField[] => fields.filter((field) => isNamed(field, name));
  const types = named('content-type');
  const encodings = named('content-transfer-encoding');
  // A signature is over the text as it is written.
  const isSigned = named('dkim-signature').length + named('content-md5').length > 0;
  if (types.length > 1 || encodings.length > 1 || isSigned) return undefined;
  if (!isText(types[0]) || !isUnencoded(encodings[0])) return undefined;
  const isUtf8 = types.length === 0 && utf8Text(body) !== undefined;
  const kept = fields.filter((field) => !isNamed(field, 'content-transfer-encoding'));
  const added = [
    ...(named('mime-version').length > 0 ? [] : ['MIME-Version: 1.0']),
    ...(isUtf8 ? ['Content-Type: text/plain; charset=utf-8'] : []),
    'Content-Transfer-Encoding: quoted-printable',
  ];
  return {
    fields: [...kept.map(({ raw }) => raw), ...added.map((line) => utf8(`${line}\r\n`))],
    body: encodeQuotedPrintable(body),
  };
}

const isText = (field: HeaderField | undefined): boolean =>
  field === undefined || /^[ \t]*text\/[a-z0-9.+-]+[ \t]*(?:;|$)/i.test(fieldValue(field) ?? '');

const isUnencoded = (field: HeaderField | undefined): boolean =>
  field === undefined || /^[ \t]*(?:7bit|8bit)[ \t]*$/i.test(fieldValue(field) ?? '');
