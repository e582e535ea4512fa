// ESMTP parameters of MAIL and RCPT (RFC 5321 section 4.1.2) as tables: keyword → how its value is read into the envelope.
// An unknown keyword, a bad value and a keyword given twice are each refused by name.

import type {
  EnvelopeRecipient,
  NotifyCondition,
  OriginalRecipient,
  ReversePathAndParameters,
} from '../envelope.ts';
import { refusal, type Refusal } from '../refusal.ts';
import { parseMailbox } from './mailbox.ts';
import { decodeUtf8Address, decodeXtext, upperCased } from './xtext.ts';

type Writable<T> = { -readonly [K in keyof T]?: T[K] };
/** Reads a value into the target; false: the value is bad. `undefined`: no `=` was given. */
type Reader<T> = (value: string | undefined, into: Writable<T>) => boolean;
export type ParameterTable<T> = Readonly<Record<string, Reader<T>>>;

type MailParameters = Omit<ReversePathAndParameters, 'reversePath'>;
type RecipientParameters = Omit<EnvelopeRecipient, 'forwardPath'>;

const ENVID_OCTETS_MAX = 100;
const ORCPT_OCTETS_MAX = 500;
const keywordPattern = /^[A-Za-z0-9][A-Za-z0-9-]*$/;
const valuePattern = /^[\x21-\x3c\x3e-\x7e\u0080-\u{10ffff}]+$/u;

/** RFC 1870. */
const size: Reader<MailParameters> = (value, into) => {
  if (value === undefined || !/^\d{1,20}$/.test(value)) return false;
  into.declaredSize = Number(value);
  return true;
};

/** RFC 6152. */
const body: Reader<MailParameters> = (value, into) => {
  const kind = value?.toUpperCase();
  if (kind !== '7BIT' && kind !== '8BITMIME') return false;
  into.body = kind;
  return true;
};

/** RFC 6531 section 3.4. */
const smtputf8: Reader<MailParameters> = (value, into) => {
  into.smtputf8 = true;
  return value === undefined;
};

/** RFC 3461 section 4.3. */
const ret: Reader<MailParameters> = (value, into) => {
  const kind = value?.toUpperCase();
  if (kind !== 'FULL' && kind !== 'HDRS') return false;
  into.ret = kind;
  return true;
};

/** RFC 3461 section 4.4. */
const envid: Reader<MailParameters> = (value, into) => {
  const decoded = value === undefined ? undefined : decodeXtext(value);
  if (decoded === undefined || decoded.length > ENVID_OCTETS_MAX) return false;
  into.envelopeId = decoded;
  return true;
};

/** RFC 4954 section 5: `<>` or a mailbox; believed by nobody here, kept for the record. */
const auth: Reader<MailParameters> = (value, into) => {
  const decoded = value === undefined ? undefined : decodeXtext(upperCased(value));
  if (decoded === undefined || (decoded !== '<>' && !parseMailbox(decoded).ok)) return false;
  into.authParameter = decoded;
  return true;
};

const conditions: ReadonlySet<string> = new Set(['SUCCESS', 'FAILURE', 'DELAY']);

/** RFC 3461 section 4.1: NEVER stands alone. */
const notify: Reader<RecipientParameters> = (value, into) => {
  const words = value?.toUpperCase().split(',') ?? [];
  const never = words.length === 1 && words[0] === 'NEVER';
  const wellFormed =
    words.length > 0 && new Set(words).size === words.length && words.every((word) => conditions.has(word));
  if (!never && !wellFormed) return false;
  into.notify = words as NotifyCondition[];
  return true;
};

/** RFC 3461 section 4.2 and RFC 6533 section 3. */
const orcpt: Reader<RecipientParameters> = (value, into) => {
  const original = value === undefined ? undefined : parseOriginalRecipient(value);
  if (original === undefined) return false;
  into.originalRecipient = original;
  return true;
};

function parseOriginalRecipient(value: string): OriginalRecipient | undefined {
  const semicolon = value.indexOf(';');
  const addressType = value.slice(0, Math.max(0, semicolon)).toLowerCase();
  if (Buffer.byteLength(value) > ORCPT_OCTETS_MAX || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(addressType))
    return undefined;
  const text = value.slice(semicolon + 1);
  const address = addressType === 'utf-8' ? decodeUtf8Address(text) : decodeXtext(text);
  return address === undefined || address === '' ? undefined : { addressType, address };
}

export const mailParameters: ParameterTable<MailParameters> = {
  SIZE: size,
  BODY: body,
  SMTPUTF8: smtputf8,
  RET: ret,
  ENVID: envid,
  AUTH: auth,
};
export const recipientParameters: ParameterTable<RecipientParameters> = { NOTIFY: notify, ORCPT: orcpt };

/** `rest`: what follows the path. `offered`: keywords of the table that this listener offers. */
export function readParameters<T extends object>(
  rest: string,
  table: ParameterTable<T>,
  offered: (keyword: string) => boolean,
): { readonly ok: true; readonly value: Writable<T> } | { readonly ok: false; readonly error: Refusal } {
  const into: Writable<T> = {};
  const seen: string[] = [];
  for (const text of rest.split(' ')) {
    if (text === '') continue;
    const equals = text.indexOf('=');
    const written = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? undefined : text.slice(equals + 1);
    if (!keywordPattern.test(written) || written.length > 64) {
      return { ok: false, error: refusal('badArgument', 'malformed parameter') };
    }
    const parameter = written.toUpperCase();
    const reader = Object.hasOwn(table, parameter) && offered(parameter) ? table[parameter] : undefined;
    if (reader === undefined) {
      return { ok: false, error: refusal('unknownParameter', `parameter ${parameter}`, { parameter }) };
    }
    const readable = value === undefined || valuePattern.test(value);
    if (seen.includes(parameter) || !readable || !reader(value, into)) {
      return { ok: false, error: refusal('badParameterValue', `parameter ${parameter}`, { parameter }) };
    }
    seen.push(parameter);
  }
  return { ok: true, value: into };
}
