// Delivery status reports (RFC 3464 in the frame of RFC 6522, with RFC 6533 where addresses are UTF-8): the fate of each recipient,
// in words for people and in fields for programs. A report is 7-bit by itself, so that any hop can take it; only an address of the sender that is
// UTF-8 needs SMTPUTF8. What remote servers said is one line of printable ASCII here, whoever cleaned it before:
// it can't add a field (E-D-4), and of the remote host only its name is told.

import { concat, isAscii, octetString, utf8 } from '../base/bytes.ts';
import { encodeBase32 } from '../base/base32.ts';
import { asciiSpelling, isAsciiText } from '../protocol/wire/mailbox.ts';
import { encodeUtf8Address } from '../protocol/wire/xtext.ts';
import type { OriginalRecipient } from '../protocol/envelope.ts';
import { newMessageIdField } from './complete.ts';
import { formatDate } from './date.ts';
import { encodeQuotedPrintable } from './quoted-printable.ts';
import { headerOf, type Returned, returnedPart } from './returned.ts';

export interface ReportRecipient {
  readonly forwardPath: string;
  readonly originalRecipient?: OriginalRecipient;
  readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed';
  readonly status: string;
  /** One clean line. */
  readonly diagnostic: string;
  readonly remote?: string;
  /** For `delayed`: until when we try, ms. */
  readonly retryUntil?: number;
}

export interface ReportInput {
  readonly hostname: string;
  readonly now: number;
  readonly random: (length: number) => Uint8Array;
  /** To whom: the reverse-path of the message. */
  readonly reversePath: string;
  /** The message came with SMTPUTF8: who sent it can read the forms of RFC 6533. */
  readonly smtputf8: boolean;
  readonly arrivedAt: number;
  readonly messageId: string;
  readonly envelopeId?: string;
  readonly recipients: readonly ReportRecipient[];
  readonly original: Returned;
  /** The report is about a report of our own that nobody took; its reader is the postmaster. */
  readonly isAboutReport?: boolean;
}

export interface Report {
  readonly header: Uint8Array;
  readonly body: Uint8Array;
  readonly messageIdField: string;
}

const subjects = {
  failed: 'Undelivered Mail Returned to Sender',
  delayed: 'Delayed Mail (still being retried)',
  delivered: 'Successful Mail Delivery Report',
  relayed: 'Mail Relayed Report',
} as const;

const DIAGNOSTIC_MAX = 2000;

const order = ['failed', 'delayed', 'relayed', 'delivered'] as const;

export function buildReport(input: ReportInput): Report {
  const kind =
    order.find((action) => input.recipients.some((recipient) => recipient.action === action)) ?? 'failed';
  const boundary = `=_${encodeBase32(input.random(15)).toLowerCase()}`;
  const messageIdField = newMessageIdField(input);
  const isGlobal = input.smtputf8 && hasUtf8(input);
  const header = [
    `From: Mail Delivery System <postmaster@${input.hostname}>`,
    `To: <${asciiSpelling(input.reversePath)}>`,
    `Subject: ${input.isAboutReport === true ? 'A delivery report was refused and is held' : subjects[kind]}`,
    `Date: ${formatDate(input.now)}`,
    `Message-ID: ${messageIdField}`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    `Content-Type: multipart/report; report-type=${isGlobal ? 'global-delivery-status' : 'delivery-status'};`,
    `\tboundary="${boundary}"`,
  ];
  const opening = `--${boundary}\r\n`;
  const body = concat([
    utf8(
      `${opening}${explanation(input, kind)}\r\n${opening}${deliveryStatus(input, isGlobal)}\r\n${opening}`,
    ),
    returnedPart(input.original, isGlobal),
    utf8(`\r\n--${boundary}--\r\n`),
  ]);
  return { header: utf8(`${header.join('\r\n')}\r\n`), body, messageIdField };
}

/** True: an address, or the header of the original, that the forms of RFC 3464 can't show. */
function hasUtf8({ reversePath, recipients, original }: ReportInput): boolean {
  const addresses = recipients.flatMap(({ forwardPath, originalRecipient }) => [
    forwardPath,
    originalRecipient?.address ?? '',
  ]);
  const areAscii = [reversePath, ...addresses].every((address) => isAsciiText(asciiSpelling(address)));
  return !areAscii || !isAscii(headerOf(original.bytes));
}

const openings = {
  failed: 'Your message could not be delivered to the recipients below. It will not be tried again.',
  delayed: 'Your message could not be delivered yet. It is being retried; you need not send it again.',
  relayed: 'Your message was passed on to a server that does not report deliveries.',
  delivered: 'Your message was delivered.',
} as const;

function heldOpening({ messageId }: ReportInput): readonly string[] {
  return [
    'A report of this server about mail of one of its users could not be delivered: the sender does not',
    'know what became of the mail. The report below is held in the queue. Tell the sender, then:',
    '',
    `    postern queue show ${messageId}`,
    `    postern queue release ${messageId}    (tries again)`,
    `    postern queue drop ${messageId}`,
  ];
}

function explanation(input: ReportInput, kind: keyof typeof openings): string {
  const text = explanationText(input, kind);
  const type = 'Content-Type: text/plain; charset=utf-8\r\n';
  if (isAsciiText(text)) return `${type}Content-Transfer-Encoding: 7bit\r\n\r\n${text}`;
  return `${type}Content-Transfer-Encoding: quoted-printable\r\n\r\n${octetString(encodeQuotedPrintable(utf8(text)))}`;
}

function explanationText(input: ReportInput, kind: keyof typeof openings): string {
  const lines = [
    `This is the mail server ${input.hostname}.`,
    '',
    ...(input.isAboutReport === true ? heldOpening(input) : [openings[kind]]),
    '',
  ];
  for (const { forwardPath, action, status, diagnostic, remote, retryUntil } of input.recipients) {
    lines.push(`<${forwardPath}>: ${action} (${status})`);
    const host = hostOf(remote);
    lines.push(...wrap(host === undefined ? oneLine(diagnostic) : `${host} said: ${oneLine(diagnostic)}`));
    if (retryUntil !== undefined) lines.push(`    It is retried until ${formatDate(retryUntil)}.`);
    lines.push('');
  }
  lines.push(`If you ask postmaster about it, name this id: ${input.messageId}`, '');
  return lines.join('\r\n');
}

/** Lines of readable length, however long the words are. */
function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < text.length; at += 70) lines.push(`    ${text.slice(at, at + 70)}`);
  return lines;
}

function deliveryStatus(input: ReportInput, isGlobal: boolean): string {
  const lines = [
    `Reporting-MTA: dns; ${input.hostname}`,
    ...(input.envelopeId === undefined ? [] : [`Original-Envelope-Id: ${input.envelopeId}`]),
    `Arrival-Date: ${formatDate(input.arrivedAt)}`,
    '',
  ];
  for (const recipient of input.recipients)
    lines.push(...recipientFields(recipient, input.now, isGlobal), '');
  const fields = lines.join('\r\n');
  const type = `Content-Type: message/${isGlobal ? 'global-delivery-status' : 'delivery-status'}\r\n`;
  if (isAsciiText(fields)) return `${type}\r\n${fields}`;
  return `${type}Content-Transfer-Encoding: quoted-printable\r\n\r\n${octetString(encodeQuotedPrintable(utf8(fields)))}`;
}

function recipientFields(recipient: ReportRecipient, now: number, isGlobal: boolean): readonly string[] {
  const { forwardPath, originalRecipient, action, status, diagnostic, remote, retryUntil } = recipient;
  const final = asciiSpelling(forwardPath);
  const host = hostOf(remote);
  return [
    ...(originalRecipient === undefined
      ? []
      : [`Original-Recipient: ${typedAddress(originalRecipient, isGlobal)}`]),
    `Final-Recipient: ${typedAddress({ addressType: isAsciiText(final) ? 'rfc822' : 'utf-8', address: final }, isGlobal)}`,
    `Action: ${action}`,
    `Status: ${status}`,
    ...(host === undefined ? [] : [`Remote-MTA: dns; ${host}`]),
    `Diagnostic-Code: smtp; ${foldable(oneLine(diagnostic))}`,
    `Last-Attempt-Date: ${formatDate(now)}`,
    ...(retryUntil === undefined ? [] : [`Will-Retry-Until: ${formatDate(retryUntil)}`]),
  ];
}

/** In message/delivery-status a UTF-8 address stands in its 7-bit form (RFC 6533 section 3). */
function typedAddress({ addressType, address }: OriginalRecipient, isGlobal: boolean): string {
  const isEncoded = !isGlobal && addressType.toLowerCase() === 'utf-8';
  return `${addressType}; ${isEncoded ? encodeUtf8Address(address) : address}`;
}

/** The name in `smtp mail.example.net [192.0.2.7]:25`; an address is no name. */
function hostOf(remote: string | undefined): string | undefined {
  return /^(?:smtp|lmtp) (?=[^ :]*[A-Za-z])([A-Za-z0-9.-]+)(?= |$|:\d+(?: |$))/.exec(remote ?? '')?.[1];
}

function oneLine(words: string): string {
  const cut = words.slice(0, DIAGNOSTIC_MAX).replaceAll(/\s+/g, ' ').trim();
  return cut.replaceAll(/[^\x20-\x7e]/g, '?');
}

function foldable(text: string): string {
  return (text.match(/.{1,900}/g) ?? []).map((part) => part.trim()).join('\r\n ');
}
