// The closed list of repairs to a submitted header (requirements G-22, RFC 6409 section 8): Date and Message-ID are completed; Bcc,
// Return-Path and fields that only we may write are removed. Raw text was encoded before (`encode-header.ts`). Everything else leaves
// unchanged, octet for octet.

import { encodeBase32 } from '../base/base32.ts';
import { concat, latin1 } from '../base/bytes.ts';
import { withoutComments } from './comments.ts';
import { formatDate, isDate } from './date.ts';
import { fieldValue, type Header, headerField, type HeaderField, isNamed } from './header.ts';

export interface CompletedHeader {
  /** Fields only, each ending in CRLF. */
  readonly bytes: Uint8Array;
  /** The same, one by one. */
  readonly fields: readonly HeaderField[];
  /** Names of the repairs, for the record. */
  readonly completed: readonly string[];
  readonly messageIdField: string;
  /** As submitted, if it had to be replaced. */
  readonly messageIdFieldBefore?: string;
}

export interface CompleteOptions {
  readonly now: number;
  readonly hostname: string;
  readonly random: (length: number) => Uint8Array;
}

const VALUE_MAX = 998;
/** RFC 5322 section 3.6.4 without its obsolete forms: `<left@right>`, the right side a name or a literal. */
const messageIdPattern =
  /^[ \t]*(<[^\0-\x20\x7f<>@"\\(),:;]{1,400}@(?:[^\0-\x20\x7f<>@"\\(),:;[\]]{1,400}|\[[^\0-\x20\x7f<>[\]\\]{1,400}\])>)[ \t]*$/;

interface Removal {
  readonly done: string;
  applies(field: HeaderField, hostname: string): boolean;
}

const always = (): boolean => true;

const removals: ReadonlyMap<string, Removal> = new Map([
  ['bcc', { done: 'bcc', applies: always }],
  ['resent-bcc', { done: 'bcc', applies: always }],
  ['return-path', { done: 'return-path', applies: always }],
  ['mt-priority', { done: 'mt-priority', applies: always }],
  ['authentication-results', { done: 'authentication-results', applies: claimsToBe }],
]);

/** RFC 8601 section 5: only we may write such fields in our name. A name that can't be told apart from ours counts as ours. */
function claimsToBe(field: HeaderField, hostname: string): boolean {
  const value = withoutComments(fieldValue(field) ?? '');
  if (value === undefined) return true;
  const claimed = /^\s*([^\s;/=]*)/.exec(value.replaceAll(/["\\]/g, ''))?.[1] ?? '';
  return claimed.toLowerCase().replace(/\.$/, '') === hostname.toLowerCase();
}

/** The identifier of a Message-ID field, its comments left out; undefined: the field has none that is valid. `value`: unfolded. */
export function messageIdIn(value: string): string | undefined {
  return messageIdPattern.exec(withoutComments(value) ?? '')?.[1];
}

export function completeHeader(header: Header, options: CompleteOptions): CompletedHeader {
  const completed = new Set<string>();
  const fields: HeaderField[] = [];
  let hasDate = false;
  let messageIdField: string | undefined;
  let messageIdFieldBefore: string | undefined;
  for (const field of header.fields) {
    const removal = removals.get(field.lowerCaseName);
    if (removal?.applies(field, options.hostname) === true) completed.add(removal.done);
    else if (isNamed(field, 'date')) {
      hasDate = isDate(fieldValue(field) ?? '');
      if (hasDate) fields.push(field);
    } else if (isNamed(field, 'message-id')) {
      messageIdField = messageIdIn(fieldValue(field) ?? '');
      if (messageIdField !== undefined) fields.push(field);
      else messageIdFieldBefore = (fieldValue(field) ?? '').trim().slice(0, VALUE_MAX);
    } else fields.push(field);
  }
  if (!hasDate) {
    completed.add('date');
    fields.push(headerField(latin1(`Date: ${formatDate(options.now)}\r\n`)));
  }
  if (messageIdField === undefined) {
    completed.add('message-id');
    messageIdField = newMessageIdField(options);
    fields.push(headerField(latin1(`Message-ID: ${messageIdField}\r\n`)));
  }
  return {
    bytes: concat(fields.map(({ raw }) => raw)),
    fields,
    completed: [...completed],
    messageIdField,
    ...(messageIdFieldBefore === undefined ? {} : { messageIdFieldBefore }),
  };
}

export function newMessageIdField({
  hostname,
  random,
}: Pick<CompleteOptions, 'hostname' | 'random'>): string {
  return `<${encodeBase32(random(16)).toLowerCase()}@${hostname}>`;
}
