// A whole message as it was received somewhere, or a complaint that one is attached to, read as what to look for. Its lines may be lies: only what
// the trail knows counts (BCP134-3.1-i, D-TR-6).

import { createHash } from 'node:crypto';
import { parseAddressList } from '../message/address-list.ts';
import { messageIdIn } from '../message/complete.ts';
import { digestedFields } from '../message/field-digests.ts';
import { fieldValue, type Header, isNamed } from '../message/header.ts';
import { ownReceivedLines } from '../message/received.ts';
import type { TraceTerm } from '../store/lookups.ts';
import { attachedMessages } from './attached-messages.ts';
import { fileTexts } from './file-text.ts';
import { lenientHeader } from './lenient-header.ts';
import type { FileQuestion, ShownMessage } from './question.ts';

const OWN_LINES_MAX = 50;
const TEXT_MAX = 200;

/** What is attached comes first: a complaint may have come through this server itself. */
export function questionOfMessage(bytes: Uint8Array, hostname: string): FileQuestion {
  const texts = fileTexts(bytes);
  const attached = texts.flatMap((text) => attachedMessages(text)).toReversed();
  const shown = [
    ...attached.map((text) => shownMessage(text, 'a message attached to the file', hostname)),
    ...texts.map((text) => shownMessage(text, 'the file', hostname)),
  ];
  return { shown, text: shown.map(({ text }) => text).join('; ') };
}

function shownMessage(text: string, where: ShownMessage['where'], hostname: string): ShownMessage {
  const header = lenientHeader(text);
  const lines = ownReceivedLines(header, hostname).slice(0, OWN_LINES_MAX);
  const messageId = header.fields.find((field) => isNamed(field, 'message-id'));
  const written = messageId === undefined ? undefined : fieldValue(messageId)?.trim();
  const value = written === undefined ? undefined : (messageIdIn(written) ?? written);
  const named = value === undefined || value === '' ? {} : { messageIdField: value };
  const terms: readonly TraceTerm[] = [
    ...lines.map(({ id }) => ({ kind: 'id', id }) as const),
    ...(named.messageIdField === undefined
      ? []
      : [{ kind: 'messageIdField', value: named.messageIdField } as const]),
  ];
  const id = named.messageIdField === undefined ? '' : ` and Message-ID ${value?.slice(0, TEXT_MAX)}`;
  return {
    where,
    terms,
    text: `${where === 'the file' ? 'a message' : where} with ${lines.length} of our Received lines${id}`,
    lines,
    ...named,
    bodyHashes: bodyHashes(text),
    fields: header.fields.filter(({ lowerCaseName }) => isCompared.has(lowerCaseName)),
    claimedFrom: claimedFrom(header),
  };
}

const isCompared: ReadonlySet<string> = new Set(digestedFields);

/** An empty body proves nothing: everybody has the same. */
function bodyHashes(text: string): readonly string[] {
  const at = text.indexOf('\r\n\r\n');
  const bodies = at < 0 ? [] : bodiesOf(text, at + 4);
  // An mbox puts a sign before lines that would begin a message.
  const isQuoted = text.includes('\r\n>From ');
  const unquoted = isQuoted ? bodies.map((body) => body.replaceAll(/^>(>*From )/gm, '$1')) : [];
  return [...new Set([...bodies, ...unquoted])].map((body) =>
    createHash('sha256').update(body, 'latin1').digest('hex'),
  );
}

/** As it stands, without the line ends after it, and with one. */
function bodiesOf(text: string, from: number): readonly string[] {
  let end = text.length;
  while (text.endsWith('\r\n', end) && end > from) end -= 2;
  if (end <= from) return [];
  const words = text.slice(from, end);
  return [text.slice(from), words, `${words}\r\n`];
}

function claimedFrom(header: Header): readonly string[] {
  const from = header.fields.find((field) => isNamed(field, 'from'));
  const list = from === undefined ? undefined : parseAddressList(fieldValue(from) ?? '');
  return list?.ok === true ? list.value.mailboxes.map(({ address }) => address) : [];
}
