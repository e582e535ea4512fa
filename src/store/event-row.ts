// Events as every engine on SQL keeps them, in columns of these names: chain and number (of its place in that chain), time, type, message_id, identity_id, salt and
// payload, place_salt and place (what it says of places), content_hash, link.

import { payloadOf } from '../record/event-content.ts';
import type { EventType, RefusedPayload, TrailEvent } from '../record/events.ts';
import { type Term, termsOf } from '../record/terms.ts';
import type { CountedEvent } from './days.ts';
import { mayFit } from './event-range.ts';
import type { ChainLink, EventRange } from './lookups.ts';
import { bytes, number, optionalBytes, optionalText, type Row, text } from './row.ts';

export function eventOfRow(row: Row): TrailEvent {
  const messageId = optionalText(row, 'message_id');
  const identityId = optionalText(row, 'identity_id');
  return {
    chain: number(row, 'chain'),
    sequence: number(row, 'number'),
    type: text(row, 'type'),
    time: number(row, 'time'),
    ...(messageId === undefined ? {} : { messageId }),
    ...(identityId === undefined ? {} : { identityId }),
    payload: payloadOf(optionalBytes(row, 'payload'), optionalBytes(row, 'place')),
  } as TrailEvent;
}

/** Undefined: it is none of the range. Content is read of those alone that may be: to read it is most of the work of a search. */
export function eventInRange(row: Row, range: EventRange): TrailEvent | undefined {
  const beside = { time: number(row, 'time'), type: text(row, 'type') as EventType };
  if (!mayFit(beside, range)) return undefined;
  const { recipient } = range;
  return recipient === undefined || contentCouldHold(row, recipient) ? eventOfRow(row) : undefined;
}

/** `payload`: of a refusal, else NULL. */
export function countedOfRow(row: Row): CountedEvent {
  const refused = payloadOf(optionalBytes(row, 'payload'), undefined) as Partial<RefusedPayload> | undefined;
  const type = text(row, 'type') as EventType;
  return { time: number(row, 'time'), type, count: refused?.count ?? 1 };
}

export function linkOfRow(row: Row): Omit<ChainLink, 'cursor' | 'index'> {
  return {
    chain: number(row, 'chain'),
    sequence: number(row, 'number'),
    time: number(row, 'time'),
    type: text(row, 'type'),
    messageId: optionalText(row, 'message_id'),
    identityId: optionalText(row, 'identity_id'),
    salt: optionalBytes(row, 'salt'),
    payload: optionalBytes(row, 'payload'),
    placeSalt: optionalBytes(row, 'place_salt'),
    place: optionalBytes(row, 'place'),
    partHashes: bytes(row, 'content_hash'),
    link: bytes(row, 'link'),
  };
}

/** Throws if the content can't be read. */
export function termsOfRow(row: Row): readonly Term[] {
  return termsOf({
    type: text(row, 'type') as EventType,
    messageId: optionalText(row, 'message_id'),
    identityId: optionalText(row, 'identity_id'),
    payload: payloadOf(optionalBytes(row, 'payload'), optionalBytes(row, 'place')),
  });
}

/** Each once; undefined: the content can't be read. That it is not what was written is told by its hash. */
export function wordsOfRow(row: Row): ReadonlySet<Term> | undefined {
  try {
    return new Set(termsOfRow(row));
  } catch {
    return undefined;
  }
}

/** Whether an event has the word. Most rows don't hold it at all, and are not parsed. */
export function hasTerm(term: Term): (row: Row) => boolean {
  const wanted = asItStands(term);
  return (row) => couldHold(row, wanted) && termsOfRow(row).includes(term);
}

/** In a row; of a network its addresses stand there, and they begin as it does. */
function asItStands(term: Term): string {
  const word = term.slice(term.indexOf(':') + 1);
  return term.startsWith('net:') ? '' : JSON.stringify(word).slice(1, -1);
}

/** Addresses are canonical in the word, so the case does not count. */
function couldHold(row: Row, wanted: string): boolean {
  if (row['message_id'] === wanted || row['identity_id'] === wanted) return true;
  // An international address may stand there in another form than in the word.
  return (row['payload'] instanceof Uint8Array && wanted.includes('xn--')) || contentCouldHold(row, wanted);
}

/** In any case of letters. */
function contentCouldHold(row: Row, wanted: string): boolean {
  const payload = row['payload'];
  if (!(payload instanceof Uint8Array)) return false;
  // What is not ASCII, or escaped in JSON, stands there in other octets; and some letters that are not become such in the other case.
  if (!/^[\x20-\x7e]*$/.test(wanted) || /["\\]/.test(wanted)) return true;
  const { buffer, byteOffset, byteLength } = payload;
  const content = Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
  return content.toLowerCase().includes(wanted.toLowerCase()) || /[\x80-\xff]/.test(content);
}
