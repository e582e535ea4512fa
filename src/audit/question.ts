// What an abuse desk has in its hands, read as what to look for: an id, a Received label, a Message-ID, an address, or a whole message
// as it was received somewhere. Lines of that message may be lies: only what the trail knows counts (BCP134-3.1-i, D-TR-6).

import { messageIdBytes } from '../base/message-id.ts';
import { parseAddressList } from '../message/address-list.ts';
import { HeaderCollector } from '../message/header-collector.ts';
import { fieldValue, type Header, type HeaderField, isNamed, parseHeader } from '../message/header.ts';
import { ownReceivedLines } from '../message/received.ts';
import type { TraceTerm } from '../store/lookups.ts';

/** What to look for, the surest first. */
export interface TraceQuestion {
  readonly terms: readonly TraceTerm[];
  /** For the log of look-ups. */
  readonly text: string;
}

const OWN_LINES_MAX = 50;
const HEADER_MAX = 1024 * 1024;

export function questionOfText(text: string): TraceQuestion | undefined {
  const word = text.trim();
  const upper = word.toUpperCase();
  if (/^[0-9A-HJKMNP-TV-Z]{26}$/.test(upper) && messageIdBytes(upper) !== undefined)
    return { text: word, terms: [{ kind: 'id', id: upper }] };
  const label = /^([0-9a-hjkmnp-tv-z]{16})(?:\.client\..*)?$/i.exec(word)?.[1];
  if (label !== undefined) return { text: word, terms: [{ kind: 'label', label: label.toLowerCase() }] };
  if (/^<[^<>]+@[^<>]+>$/.test(word)) {
    return {
      text: word,
      terms: [
        { kind: 'messageIdField', value: word },
        { kind: 'address', address: word.slice(1, -1) },
      ],
    };
  }
  if (word.includes('@'))
    return {
      text: word,
      terms: [
        { kind: 'address', address: word },
        { kind: 'messageIdField', value: `<${word}>` },
      ],
    };
  return undefined;
}

/** A message as somebody received it: our Received lines, then the Message-ID. */
export function questionOfMessage(bytes: Uint8Array, hostname: string): TraceQuestion {
  const header = lenientHeader(bytes);
  const own = ownReceivedLines(header, hostname).slice(0, OWN_LINES_MAX);
  const terms: TraceTerm[] = own.map(({ id }) => ({ kind: 'id', id }));
  const messageId = header.fields.find((field) => isNamed(field, 'message-id'));
  const value = messageId === undefined ? undefined : fieldValue(messageId)?.trim();
  if (value !== undefined && value !== '') terms.push({ kind: 'messageIdField', value });
  return {
    terms,
    text: `a message with ${own.length} of our Received lines${value === undefined ? '' : ` and Message-ID ${value.slice(0, 200)}`}`,
  };
}

/** Whatever can be read as a field is; files from elsewhere have LF line ends, mbox lines and worse. */
function lenientHeader(bytes: Uint8Array): Header {
  const text = Buffer.from(bytes.subarray(0, HEADER_MAX)).toString('latin1').replaceAll(/\r?\n/g, '\r\n');
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
