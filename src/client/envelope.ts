// The envelope as the caller gives it, judged before a connection is opened: whatever could break a command line never gets that far
// (C-ORD-13). What comes out is the envelope of the protocol, in the least quoted spelling.

import { isIPv4, isIPv6 } from '../base/network.ts';
import type {
  Envelope,
  EnvelopeRecipient,
  NotifyCondition,
  OriginalRecipient,
} from '../protocol/envelope.ts';
import { canonicalDomain, isAsciiText, mailboxText, parseMailbox } from '../protocol/wire/mailbox.ts';
import { badInput } from './errors.ts';

export interface RecipientInput {
  readonly forwardPath: string;
  /** Which reports the sender wants (RFC 3461 section 4.1); `NEVER` stands alone. */
  readonly notify?: readonly NotifyCondition[];
  /** RFC 3461 section 4.2, e.g. `{ addressType: 'rfc822', address: 'bob@example.com' }`. */
  readonly originalRecipient?: OriginalRecipient;
}

export interface EnvelopeInput {
  /** Where reports go: the author's address, or `''` for none. */
  readonly reversePath: string;
  /** At least one, at most 10,000. */
  readonly recipients: readonly (string | RecipientInput)[];
  /** What a report of failure gives back (RFC 3461 section 4.3). */
  readonly ret?: 'FULL' | 'HDRS';
  /** The sender's own mark for reports (RFC 3461 section 4.4): printable ASCII, at most 100 characters. */
  readonly envelopeId?: string;
}

const RECIPIENTS_MAX = 10_000;
const ENVID_MAX = 100;
const ORIGINAL_ADDRESS_MAX = 400;
const conditions: ReadonlySet<string> = new Set(['SUCCESS', 'FAILURE', 'DELAY']);
const printable = /^[\x20-\x7e]+$/;
const misleading = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

/** Throws `badInput`. */
export function readEnvelope(input: EnvelopeInput): Envelope {
  const { ret, envelopeId } = input;
  const reversePath = input.reversePath === '' ? '' : mailbox(input.reversePath, 'reverse-path');
  if (!Array.isArray(input.recipients) || input.recipients.length === 0)
    throw badInput('the envelope has no recipient', 'Name at least one.');
  if (input.recipients.length > RECIPIENTS_MAX)
    throw badInput(
      `the envelope has ${input.recipients.length} recipients, the limit is ${RECIPIENTS_MAX}`,
      'Submit the message several times, to some of them each.',
    );
  const recipients = input.recipients.map(readRecipient);
  if (ret !== undefined && ret !== 'FULL' && ret !== 'HDRS')
    throw badInput(`ret is ${shown(ret)}`, 'Use FULL or HDRS, or leave it out.');
  if (envelopeId !== undefined && (!isText(envelopeId, printable) || envelopeId.length > ENVID_MAX))
    throw badInput(
      `the envelope id is ${shown(envelopeId)}`,
      `Use 1 to ${ENVID_MAX} printable ASCII characters.`,
    );
  const smtputf8 =
    !isAsciiText(reversePath) || recipients.some(({ forwardPath }) => !isAsciiText(forwardPath));
  return {
    ...{ reversePath, recipients, smtputf8, body: '7BIT' },
    ...(ret === undefined ? {} : { ret }),
    ...(envelopeId === undefined ? {} : { envelopeId }),
  };
}

function readRecipient(input: string | RecipientInput): EnvelopeRecipient {
  if (typeof input === 'string') return { forwardPath: mailbox(input, 'forward-path') };
  const { notify, originalRecipient } = input;
  const forwardPath = mailbox(input.forwardPath, 'forward-path');
  if (notify !== undefined && !isNotify(notify))
    throw badInput(
      `notify of <${forwardPath}> is ${shown(notify)}`,
      'Use NEVER alone, or some of SUCCESS, FAILURE and DELAY, each once.',
    );
  if (originalRecipient !== undefined && !isOriginal(originalRecipient))
    throw badInput(
      `originalRecipient of <${forwardPath}> is ${shown(originalRecipient)}`,
      "Use an addressType such as 'rfc822' or 'utf-8' and an address without control characters.",
    );
  return {
    forwardPath,
    ...(notify === undefined ? {} : { notify: [...notify] }),
    ...(originalRecipient === undefined ? {} : { originalRecipient: { ...originalRecipient } }),
  };
}

const wrong: Readonly<Record<'syntax' | 'tooLong' | 'unqualified', string>> = {
  syntax: 'is no mail address',
  tooLong: 'is too long for a mail address',
  unqualified: 'has no full domain',
};

function mailbox(text: unknown, what: 'reverse-path' | 'forward-path'): string {
  const parsed = typeof text === 'string' ? parseMailbox(text) : undefined;
  if (parsed?.ok === true) return mailboxText(parsed.value);
  throw badInput(
    `the ${what} ${shown(text)} ${wrong[parsed?.error ?? 'syntax']}`,
    'Give the bare address, e.g. alice@example.org: no name, no angle brackets, no line breaks.',
  );
}

function isNotify(notify: readonly unknown[]): boolean {
  if (notify.length === 1 && notify[0] === 'NEVER') return true;
  const isKnown = notify.every((one) => typeof one === 'string' && conditions.has(one));
  return notify.length > 0 && isKnown && new Set(notify).size === notify.length;
}

function isOriginal({ addressType, address }: OriginalRecipient): boolean {
  if (typeof addressType !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(addressType)) return false;
  if (typeof address !== 'string' || address.length > ORIGINAL_ADDRESS_MAX) return false;
  return addressType.toLowerCase() === 'utf-8'
    ? address !== '' && !misleading.test(address) && !/[\\ ]/.test(address)
    : printable.test(address);
}

function isText(text: unknown, pattern: RegExp): boolean {
  return typeof text === 'string' && pattern.test(text);
}

const SHOWN_MAX = 80;

/** Safe to print: control characters are escaped. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

/** Lower-case A-labels or an address without brackets; throws `badInput`. */
export function readHost(host: unknown, what: string): string {
  if (typeof host === 'string') {
    const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
    if (isIPv4(bare) || (isIPv6(bare) && !bare.includes('%'))) return bare;
    const name = canonicalDomain(host.replace(/\.$/, ''));
    if (name !== undefined) return name;
  }
  throw badInput(
    `${what} is ${shown(host)}`,
    'Give a host name or an IP address, without a scheme or a port.',
  );
}

/** For EHLO: a host name or an address literal (RFC 5321 section 4.1.1.1). */
export function readEhloName(name: unknown): string {
  const literal = typeof name === 'string' ? /^\[(IPv6:)?([0-9A-Fa-f:.]+)\]$/i.exec(name) : null;
  const isAddress = literal?.[1] === undefined ? isIPv4 : isIPv6;
  if (literal?.[2] !== undefined && isAddress(literal[2])) return literal[0];
  const canonical = typeof name === 'string' ? canonicalDomain(name) : undefined;
  if (canonical !== undefined) return canonical;
  throw badInput(
    `the EHLO name is ${shown(name)}`,
    'Give this host’s full name, or an address literal such as [192.0.2.1].',
  );
}

const SECRET_OCTETS_MAX = 1024;

/** Login and password: what base64 would carry and a server could take for something else is refused. */
export function readCredential(text: unknown, what: 'login' | 'password'): string {
  const isFit =
    typeof text === 'string' &&
    text !== '' &&
    text.isWellFormed() &&
    Buffer.byteLength(text) <= SECRET_OCTETS_MAX &&
    !/[\x00-\x1f\x7f]/.test(text);
  if (isFit) return text;
  throw badInput(
    `the ${what} is ${typeof text === 'string' && text !== '' ? 'not well-formed' : 'missing'}`,
    `Give 1 to ${SECRET_OCTETS_MAX} octets of UTF-8 without control characters.`,
  );
}
