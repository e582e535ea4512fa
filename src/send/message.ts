// From what a program wrote on our standard input to a message that can be submitted: line ends, the dot alone, the header with what it lacks,
// without Bcc. What the body says is not changed. All is fixed here once, Message-ID included, so that a second try is the same message.

import { encodeBase32 } from '../base/base32.ts';
import { indexOfBytes, utf8 } from '../base/bytes.ts';
import { EX } from '../base/sysexits.ts';
import { LineEndings } from '../client/line-endings.ts';
import { formatDate } from '../message/date.ts';
import { fieldValue, type HeaderField, isNamed, parseHeader } from '../message/header.ts';
import { type AddressField, type Qualify, readAddresses, shown } from './addresses.ts';
import { fitMessage } from './fit.ts';
import { SendFailure } from './failure.ts';

export interface ComposeOptions {
  readonly dotIsText: boolean;
  /** Its recipients are wanted: what can't be read there is an error then, and else somebody else's business. */
  readonly recipientsFromHeader: boolean;
  /** For From, if there is none. */
  readonly author: string;
  readonly fullName: string | undefined;
  readonly now: number;
  random(length: number): Uint8Array;
  sender(name: string): string;
  readonly recipients: Qualify;
}

export interface Composed {
  readonly content: Uint8Array;
  /** Of To, Cc and Bcc; of their Resent- forms alone, if it was resent. */
  readonly headerRecipients: readonly string[];
  /** The Message-ID field as it leaves. */
  readonly messageIdField: string;
}

const CRLF = '\r\n';
const HEADER_OCTETS_MAX = 1024 * 1024;
const fieldStart = /^[!-9;-~]{1,998}[ \t]{0,100}:/;
const NAME_MAX = 200;

/** Throws `SendFailure` EX_DATAERR. */
export function compose(input: Uint8Array, options: ComposeOptions): Composed {
  const lines = new LineEndings().whole(withoutMark(input));
  const { header, body } = cut(withoutMboxLine(options.dotIsText ? lines : untilDot(lines)));
  const parsed = parseHeader(header);
  if (!parsed.ok) throw new SendFailure(EX.DATAERR, `the header: ${parsed.error.detail}`);
  const plain: string[] = [];
  const resent: string[] = [];
  let isResent = false;
  const parts: Uint8Array[] = [];
  const { fields } = parsed.value;
  for (const field of fields) {
    const name = field.lowerCaseName;
    const isOfResent = name.startsWith('resent-');
    isResent ||= isOfResent;
    const kept = keep(field, name, options, isOfResent ? resent : plain);
    if (kept !== undefined) parts.push(kept);
  }
  const messageId = fields.find((field) => isNamed(field, 'message-id'));
  const messageIdField =
    messageId === undefined ? newMessageIdField(options) : (fieldValue(messageId) ?? '').trim();
  const missing = missingFields(fields, options, messageId === undefined ? messageIdField : undefined);
  parts.push(...missing.map((line) => utf8(`${line}${CRLF}`)));
  return {
    messageIdField,
    content: fitMessage(parts, body),
    headerRecipients: isResent ? resent : plain,
  };
}

const recipientFields = new Set(['to', 'cc', 'bcc', 'resent-to', 'resent-cc', 'resent-bcc']);
const senderFields = new Set(['from', 'sender', 'reply-to', 'resent-from', 'resent-sender']);
const removed = new Set(['bcc', 'resent-bcc', 'return-path']);

/** The field as it leaves; undefined: it does not. Recipients are added to `found`. */
function keep(
  field: HeaderField,
  name: string,
  options: ComposeOptions,
  found: string[],
): Uint8Array | undefined {
  const isRecipient = recipientFields.has(name);
  if (!isRecipient && !senderFields.has(name)) return removed.has(name) ? undefined : field.raw;
  const value = fieldValue(field);
  if (value === undefined) throw new SendFailure(EX.DATAERR, `${field.name} is no valid UTF-8`);
  if (value.trim() === '') return removed.has(name) ? undefined : field.raw;
  const read = readField(field, value, isRecipient, options);
  if (read === undefined) return removed.has(name) ? undefined : field.raw;
  const { addresses, rewritten } = read;
  if (isRecipient) found.push(...addresses);
  if (removed.has(name)) return undefined;
  return rewritten === undefined ? field.raw : utf8(`${field.name}: ${rewritten}${CRLF}`);
}

/** Undefined: it can't be read, and nothing depends on it. */
function readField(
  { name, lowerCaseName }: HeaderField,
  value: string,
  isRecipient: boolean,
  options: ComposeOptions,
): AddressField | undefined {
  const qualify: Qualify = isRecipient ? options.recipients : (text) => [options.sender(text)];
  const isDecisive = isRecipient ? options.recipientsFromHeader : lowerCaseName !== 'reply-to';
  try {
    return readAddresses(name, value, qualify);
  } catch (error) {
    if (isDecisive || !(error instanceof SendFailure)) throw error;
    return undefined;
  }
}

function newMessageIdField({ author, random }: ComposeOptions): string {
  const domain = author.slice(author.lastIndexOf('@') + 1);
  return `<${encodeBase32(random(16)).toLowerCase()}@${domain}>`;
}

/** `messageIdField`: undefined if there is one. */
function missingFields(
  fields: readonly HeaderField[],
  options: ComposeOptions,
  messageIdField: string | undefined,
): readonly string[] {
  const has = (name: string): boolean => fields.some((field) => isNamed(field, name));
  const { author, fullName, now } = options;
  const name = fullName === undefined ? '' : displayName(fullName);
  return [
    ...(has('from') ? [] : [name === '' ? `From: ${author}` : `From: ${name} <${author}>`]),
    ...(has('date') ? [] : [`Date: ${formatDate(now)}`]),
    ...(messageIdField === undefined ? [] : [`Message-ID: ${messageIdField}`]),
  ];
}

/** A quoted string, encoded with the rest of the header; what ends a line is no part of a name. */
function displayName(given: string): string {
  const name = given
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, NAME_MAX)
    .toWellFormed();
  return name === '' ? '' : `"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** A line with a dot alone ends the message, as it does when somebody types one. */
function untilDot(lines: Uint8Array): Uint8Array {
  if (startsWith(lines, '.\r\n')) return lines.subarray(0, 0);
  const at = indexOfBytes(lines, utf8('\r\n.\r\n'));
  return at < 0 ? lines : lines.subarray(0, at + CRLF.length);
}

/** Editors of Windows write a mark in front of the text: it would make a body of the header, with the Bcc in it. */
function withoutMark(input: Uint8Array): Uint8Array {
  const start = Buffer.from(input.subarray(0, 3)).toString('hex');
  if (start.startsWith('fffe') || start.startsWith('feff'))
    throw new SendFailure(EX.DATAERR, 'the message is written in UTF-16: mail is written in UTF-8');
  return start === 'efbbbf' ? input.subarray(3) : input;
}

/** The envelope line of a mailbox file: programs that read from one pass it on. */
function withoutMboxLine(lines: Uint8Array): Uint8Array {
  if (!startsWith(lines, 'From ') && !startsWith(lines, '>From ')) return lines;
  return lines.subarray(indexOfBytes(lines, utf8(CRLF)) + CRLF.length);
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, text.length)).equals(utf8(text));
}

/** The header ends at the blank line, or before the first line that can't be part of one: `echo hello | sendmail bob` has none. */
function cut(lines: Uint8Array): { readonly header: Uint8Array; readonly body: Uint8Array } {
  const text = Buffer.from(lines.buffer, lines.byteOffset, Math.min(lines.length, HEADER_OCTETS_MAX));
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf(CRLF, at, 'latin1');
    if (end < 0) throw new SendFailure(EX.DATAERR, `the header is larger than ${HEADER_OCTETS_MAX} octets`);
    if (end === at) return { header: lines.subarray(0, at), body: lines.subarray(end + CRLF.length) };
    const line = text.toString('latin1', at, Math.min(end, at + 1200));
    const isContinuation = at > 0 && /^[ \t]/.test(line);
    if (!isContinuation && !fieldStart.test(line)) break;
    at = end + CRLF.length;
  }
  if (at > 0) refuseLateBcc(text.toString('latin1', at));
  return { header: lines.subarray(0, at), body: lines.subarray(at) };
}

const lateBcc = /^(?:resent-)?bcc[^\n0-9A-Za-z]{0,998}:/im;

/** `rest`: from the line that ended the header, which is none of it. What its writer took for a Bcc must not be shown to everybody (D-PR-5). */
function refuseLateBcc(rest: string): void {
  const [block = ''] = rest.split(`${CRLF}${CRLF}`, 1);
  if (!lateBcc.test(block)) return;
  const [first = ''] = block.split(CRLF, 1);
  throw new SendFailure(
    EX.DATAERR,
    `${shown(first)} is no header field, and a Bcc after it would be shown to everybody: end the header with an empty line`,
  );
}
