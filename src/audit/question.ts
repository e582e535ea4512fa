// What an abuse desk has in its hands, read as what to look for: an id, a Received label, a Message-ID, an address; a whole message is read in
// src/audit/question-of-message.ts.

import { messageIdBytes } from '../base/message-id.ts';
import type { OwnReceived } from '../message/received.ts';
import type { TraceTerm } from '../store/lookups.ts';

/** What to look for, the surest first. */
export interface TraceQuestion {
  readonly terms: readonly TraceTerm[];
  /** For the log of look-ups. */
  readonly text: string;
  /** What a whole message shows of itself, to be held against the records. */
  readonly shown?: ShownMessage;
}

export interface ShownMessage {
  /** Lines that claim to be ours, the topmost first. */
  readonly lines: readonly OwnReceived[];
  readonly messageIdField?: string;
  /** SHA-256, hex, of the body with the line ends of the wire and any of the endings that a file may have got; none: no body. */
  readonly bodyHashes: readonly string[];
}

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
