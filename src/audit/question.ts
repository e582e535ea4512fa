// What an abuse desk has in its hands, read as what to look for: an id, a Received label, a Message-ID, an address, a login, a client's address or network; a whole message is read in
// src/audit/question-of-message.ts.

import { canonicalIp, networkOf } from '../base/address-network.ts';
import { messageIdBytes } from '../base/message-id.ts';
import { isIP } from '../base/network.ts';
import type { DigestibleField } from '../message/field-digests.ts';
import type { OwnReceived } from '../message/received.ts';
import type { TraceTerm } from '../store/lookups.ts';

/** What to look for. */
export interface TraceQuestion {
  /** One after the other, the surest first; the words of one are looked for together. */
  readonly looks: readonly (readonly TraceTerm[])[];
  /** Sessions of this client address alone. */
  readonly clientAddress?: string;
  /** For the log of look-ups. */
  readonly text: string;
}

/** A file: its messages are compared with the records. */
export interface FileQuestion {
  readonly shown: readonly ShownMessage[];
  readonly text: string;
}

export interface ShownMessage {
  readonly where: 'the file' | 'a message attached to the file';
  /** The most specific first. */
  readonly terms: readonly TraceTerm[];
  readonly text: string;
  /** Lines that claim to be ours, the topmost first. */
  readonly lines: readonly OwnReceived[];
  readonly messageIdField?: string;
  /** SHA-256, hex, of the body with the line ends of the wire and any of the endings that a file may have got; none: no body. */
  readonly bodyHashes: readonly string[];
  /** Fields whose digests are recorded. */
  readonly fields: readonly DigestibleField[];
  /** Addresses of its From, to be shown beside what the trail says. */
  readonly claimedFrom: readonly string[];
}

/** `identityIds`: of accounts that the text names by login, alias or id, removed ones too. */
export function questionOfText(text: string, identityIds: readonly string[]): TraceQuestion | undefined {
  const word = text.trim();
  const looks = [
    identityIds.map((identityId) => ({ kind: 'identity', identityId }) as const),
    ...looksOf(word),
  ];
  const [identities = [], first = [], ...others] = looks;
  // What an account sent under another address is its mail as much as what the address is named in.
  const all = [[...identities, ...first], ...others].filter(({ length }) => length > 0);
  if (all.length === 0) return undefined;
  return { text: word, looks: all, ...(isIP(word) === 0 ? {} : { clientAddress: canonicalIp(word) }) };
}

/** Of a network of the size that is looked for, in any spelling, whatever its last bits; undefined: it is none. */
function addressOfNetwork(word: string): string | undefined {
  const [, address = '', prefix = ''] = /^(.+)(\/\d+)$/.exec(word) ?? [];
  return isIP(address) !== 0 && networkOf(address).endsWith(prefix) ? address : undefined;
}

function looksOf(word: string): readonly (readonly TraceTerm[])[] {
  const address = isIP(word) === 0 ? addressOfNetwork(word) : word;
  if (address !== undefined) return [[{ kind: 'network', address }]];
  const upper = word.toUpperCase();
  if (/^[0-9A-HJKMNP-TV-Z]{26}$/.test(upper) && messageIdBytes(upper) !== undefined)
    return [[{ kind: 'id', id: upper }]];
  const label = /^([0-9a-hjkmnp-tv-z]{16})(?:\.client\..*)?$/i.exec(word)?.[1];
  if (label !== undefined) return [[{ kind: 'label', label: label.toLowerCase() }]];
  if (/^<[^<>]+@[^<>]+>$/.test(word))
    return [[{ kind: 'messageIdField', value: word }], [{ kind: 'address', address: word.slice(1, -1) }]];
  return word.includes('@')
    ? [[{ kind: 'address', address: word }], [{ kind: 'messageIdField', value: `<${word}>` }]]
    : [];
}
