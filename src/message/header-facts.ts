// What a submitted header asserts (RFC 5322 section 3.6, requirements B.6, F.2). Who sends is judged strictly, because what we checked must be what
// every reader sees: nothing is repaired here, and a sender that can be read in two ways is refused (6409-3.2-b). Recipients decide nothing.

import { err, ok, type Result } from '../base/result.ts';
import { latin1, utf8Text } from '../base/bytes.ts';
import { refusal, type Refusal } from '../protocol/refusal.ts';
import { type AddressProblem, type ListedMailbox, parseAddressList } from './address-list.ts';
import { messageIdIn } from './complete.ts';
import { type EncodingProblem, neverLeaving } from './encode-header.ts';
import { type DigestibleField, digestedFields } from './field-digests.ts';
import { fieldValue, type Header, type HeaderField } from './header.ts';
import { recipientProblem } from './recipient-list.ts';

export interface HeaderFacts {
  readonly from: readonly ListedMailbox[];
  readonly sender?: ListedMailbox;
  readonly resent: readonly { readonly field: string; readonly addresses: readonly ListedMailbox[] }[];
}

/** Fields that stand at most once (RFC 5322 section 3.6). */
const single = [
  'date',
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'message-id',
  'in-reply-to',
  'references',
  'subject',
];
const recipientFields = ['to', 'cc', 'reply-to', 'resent-to', 'resent-cc'];
const DETAIL_MAX = 200;

type Judged<T> = Result<T, Refusal>;

export function judgeHeader(
  header: Header,
  rules: { readonly smtputf8: boolean; readonly receivedMax: number },
): Judged<HeaderFacts> {
  const byName = new Map<string, HeaderField[]>();
  for (const field of header.fields) {
    const same = byName.get(field.lowerCaseName);
    if (same === undefined) byName.set(field.lowerCaseName, [field]);
    else same.push(field);
  }
  const problem =
    judgeEncoding(header.fields, rules.smtputf8) ??
    judgeCounts(byName, rules.receivedMax) ??
    judgeRecipients(byName);
  return problem === undefined ? judgeSenders(byName) : err(problem);
}

function syntax(detail: string): Refusal {
  const cut = detail.slice(0, DETAIL_MAX);
  return refusal('messageSyntax', cut, { detail: cut });
}

/** What could be encoded is (`encode-header.ts`), before anything is judged. */
function judgeEncoding(fields: readonly HeaderField[], smtputf8: boolean): Refusal | undefined {
  for (const { name, lowerCaseName, raw, isAscii } of fields) {
    if (isAscii || neverLeaving.has(lowerCaseName)) continue;
    if (utf8Text(raw) === undefined) return encodingRefusal({ field: name, problem: 'notUtf8' });
    if (!smtputf8) return encodingRefusal({ field: name, problem: 'noAsciiForm' });
  }
  return undefined;
}

export function encodingRefusal({ field, problem }: EncodingProblem): Refusal {
  const detail = field.slice(0, DETAIL_MAX);
  return problem === 'notUtf8'
    ? refusal('headerNotUtf8', `${detail} is no valid UTF-8`, { detail })
    : refusal('headerNeedsUtf8', `non-ASCII octets in ${detail} without SMTPUTF8`, { detail });
}

function judgeCounts(
  byName: ReadonlyMap<string, readonly HeaderField[]>,
  receivedMax: number,
): Refusal | undefined {
  const received = byName.get('received')?.length ?? 0;
  if (received > receivedMax) return refusal('mailLoop', `${received} Received fields`);
  if (byName.size === 0) return syntax('no header');
  const repeated = single.find((name) => (byName.get(name)?.length ?? 0) > 1);
  if (repeated !== undefined) return syntax(`more than one ${repeated} field`);
  return byName.has('from') ? undefined : syntax('no From field');
}

/** Leniently: they decide nothing (`recipient-list.ts`), and Bcc does not leave at all. */
function judgeRecipients(byName: ReadonlyMap<string, readonly HeaderField[]>): Refusal | undefined {
  for (const name of recipientFields) {
    for (const field of byName.get(name) ?? []) {
      const problem = recipientProblem(fieldValue(field) ?? '');
      if (problem !== undefined) return addressRefusal(field, problem);
    }
  }
  return undefined;
}

function addressRefusal(field: HeaderField, { problem, detail }: AddressProblem): Refusal {
  const address = detail.slice(0, DETAIL_MAX);
  return problem === 'unqualified'
    ? refusal('headerDomainUnqualified', `${field.name}: ${address}`, { address, field: field.name })
    : syntax(`bad address in ${field.name} (${address})`);
}

/** Mailboxes that assert a sender: at least one, and no group, which would name nobody (5322-h). */
function sendersOf(field: HeaderField): Judged<readonly ListedMailbox[]> {
  const list = parseAddressList(fieldValue(field) ?? '');
  if (!list.ok) return err(addressRefusal(field, list.error));
  if (list.value.isReadTwoWays)
    return err(syntax(`a comment in a comment, or a backslash, in ${field.name}: not all read it alike`));
  if (list.value.hasGroup) return err(syntax(`a group in ${field.name}`));
  return list.value.mailboxes.length === 0
    ? err(syntax(`no address in ${field.name}`))
    : ok(list.value.mailboxes);
}

function judgeSenders(byName: ReadonlyMap<string, readonly HeaderField[]>): Judged<HeaderFacts> {
  const [fromField] = byName.get('from') ?? [];
  const [senderField] = byName.get('sender') ?? [];
  if (fromField === undefined) return err(syntax('no From field'));
  const from = sendersOf(fromField);
  if (!from.ok) return from;
  const sender = senderField === undefined ? undefined : sendersOf(senderField);
  if (sender?.ok === false) return sender;
  if (sender !== undefined && sender.value.length > 1) return err(syntax('more than one address in Sender'));
  if (from.value.length > 1 && sender === undefined)
    return err(syntax('several addresses in From need a Sender'));
  const resent = judgeResent(byName);
  if (!resent.ok) return resent;
  const only = sender?.value[0];
  return ok({ from: from.value, ...(only === undefined ? {} : { sender: only }), resent: resent.value });
}

/** RFC 5322 section 3.6.6: each block has Resent-From and Resent-Date. */
function judgeResent(byName: ReadonlyMap<string, readonly HeaderField[]>): Judged<HeaderFacts['resent']> {
  const blocks = byName.get('resent-from')?.length ?? 0;
  const isResent = [...byName.keys()].some((name) => name.startsWith('resent-'));
  if (isResent && (blocks === 0 || (byName.get('resent-date')?.length ?? 0) !== blocks)) {
    return err(syntax('each resent block needs Resent-From and Resent-Date'));
  }
  const resent: { field: string; addresses: readonly ListedMailbox[] }[] = [];
  for (const [name, field] of [
    ['resent-from', 'Resent-From'],
    ['resent-sender', 'Resent-Sender'],
  ] as const) {
    for (const found of byName.get(name) ?? []) {
      const addresses = sendersOf(found);
      if (!addresses.ok) return addresses;
      resent.push({ field, addresses: addresses.value });
    }
  }
  return ok(resent);
}

const relayedField = new RegExp(
  `^(received|message-id|${digestedFields.join('|')}):(.*(?:\\r\\n[ \\t].*)*)`,
  'gim',
);

/** Role mx: read for the record, judged for loops only; never throws, never refuses (5321-ae). */
export function relayFacts(bytes: Uint8Array): {
  readonly receivedCount: number;
  readonly from: readonly string[];
  readonly messageId?: string;
  /** Those whose digests are recorded. */
  readonly fields: readonly DigestibleField[];
} {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  let receivedCount = 0;
  let from: readonly string[] = [];
  let messageId: string | undefined;
  const fields: DigestibleField[] = [];
  for (const match of text.matchAll(relayedField)) {
    const name = match[1]?.toLowerCase() ?? '';
    const whole = match[2] ?? '';
    fields.push({ lowerCaseName: name, octets: whole });
    const octets = whole.replaceAll('\r\n', '').trim().slice(0, 998);
    const value = utf8Text(latin1(octets)) ?? octets;
    if (name === 'received') receivedCount += 1;
    else if (name === 'message-id') messageId ??= messageIdIn(value) ?? value;
    else if (name === 'from') {
      const list = parseAddressList(value);
      from = list.ok
        ? list.value.mailboxes.slice(0, 100).map(({ address }) => address)
        : [value.replaceAll(/[^\x20-\x7e]/g, '?')];
    }
  }
  return {
    receivedCount,
    from,
    fields,
    ...(messageId === undefined ? {} : { messageId: messageId.replaceAll(/[^\x20-\x7e]/g, '?') }),
  };
}
