// A whole message as it was received somewhere, read as what to look for. Its lines may be lies: only what the trail knows counts
// (BCP134-3.1-i, D-TR-6).

import { createHash } from 'node:crypto';
import { parseAddressList } from '../message/address-list.ts';
import { HeaderCollector } from '../message/header-collector.ts';
import { fieldValue, type Header, type HeaderField, isNamed, parseHeader } from '../message/header.ts';
import { ownReceivedLines } from '../message/received.ts';
import type { TraceTerm } from '../store/lookups.ts';
import type { TraceQuestion } from './question.ts';

const OWN_LINES_MAX = 50;
const HEADER_MAX = 1024 * 1024;

/** A message as somebody received it: our Received lines, then the Message-ID. */
export function questionOfMessage(bytes: Uint8Array, hostname: string): TraceQuestion {
  const header = lenientHeader(bytes);
  const own = ownReceivedLines(header, hostname).slice(0, OWN_LINES_MAX);
  const terms: TraceTerm[] = own.map(({ id }) => ({ kind: 'id', id }));
  const messageId = header.fields.find((field) => isNamed(field, 'message-id'));
  const value = messageId === undefined ? undefined : fieldValue(messageId)?.trim();
  const named = value !== undefined && value !== '';
  if (named) terms.push({ kind: 'messageIdField', value });
  return {
    terms,
    shown: { lines: own, ...(named ? { messageIdField: value } : {}), bodyHashes: bodyHashes(bytes) },
    text: `a message with ${own.length} of our Received lines${value === undefined ? '' : ` and Message-ID ${value.slice(0, 200)}`}`,
  };
}

/** An empty body proves nothing: everybody has the same. */
function bodyHashes(bytes: Uint8Array): readonly string[] {
  const text = withLineEnds(bytes);
  const at = text.indexOf('\r\n\r\n');
  let end = text.length;
  while (text.endsWith('\r\n', end) && end > at + 4) end -= 2;
  if (at < 0 || end <= at + 4) return [];
  const words = text.slice(at + 4, end);
  return [...new Set([text.slice(at + 4), words, `${words}\r\n`])].map((body) =>
    createHash('sha256').update(body, 'latin1').digest('hex'),
  );
}

function withLineEnds(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1').replaceAll(/\r?\n/g, '\r\n');
}

/** Whatever can be read as a field is; files from elsewhere have LF line ends, mbox lines and worse. */
function lenientHeader(bytes: Uint8Array): Header {
  const text = withLineEnds(bytes.subarray(0, HEADER_MAX));
  const collector = new HeaderCollector(2 * HEADER_MAX);
  const collected = collector.push(Buffer.from(text, 'latin1'));
  const header = Buffer.from(collected.type === 'complete' ? collected.header : collector.end()).toString(
    'latin1',
  );
  const fields: HeaderField[] = [];
  for (const raw of header.split(/\r\n(?![ \t])/)) {
    const parsed = parseHeader(Buffer.from(`${raw}\r\n`, 'latin1'));
    if (parsed.ok) fields.push(...parsed.value.fields);
  }
  return { fields };
}

/** Addresses of the header, to be shown beside what the trail says. */
export function claimedFrom(bytes: Uint8Array): readonly string[] {
  const from = lenientHeader(bytes).fields.find((field) => isNamed(field, 'from'));
  const list = from === undefined ? undefined : parseAddressList(fieldValue(from) ?? '');
  return list?.ok === true ? list.value.mailboxes.map(({ address }) => address) : [];
}
