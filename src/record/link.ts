// The chain of the trail: each event's link covers the one before it and everything that is kept of the event, so that nothing can be changed, removed
// or put in unseen. Of what can be forgotten only hashes go in: purge and erasure take content and salt away, and the chain still verifies.
//
// Version 1 (older stores) covers one of two ids, and the content as one part. A chain goes on with version 2 from its event `chainVersion`.

import { hash } from 'node:crypto';
import type { EventDraft, EventPosition } from './events.ts';
import { contentOf, type EventContent, partHash } from './event-content.ts';

export type LinkVersion = 1 | 2;
/** Of what is written. */
export const LINK_VERSION = 2;

export interface LinkInput {
  readonly chain: number;
  readonly previous: Uint8Array;
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly type: string;
  readonly messageId?: string | undefined;
  readonly identityId?: string | undefined;
  readonly partHashes: Uint8Array;
}

export const LINK_OCTETS = 32;

/** What the first event links to. */
export const firstLink = new Uint8Array(LINK_OCTETS);

/** Where a chain stands: its last event. */
export interface ChainEnd extends EventPosition {
  /** 0: it has none yet. */
  readonly sequence: number;
  readonly link: Uint8Array;
}

export interface SealedEvent extends EventContent {
  readonly sequence: number;
  readonly partHashes: Uint8Array;
  readonly link: Uint8Array;
}

/** The next event of a chain as it is kept. `salt`: gives a new one each time. */
export function sealed(end: ChainEnd, event: EventDraft, salt: () => Uint8Array): SealedEvent {
  const { payload, place } = contentOf(event.payload, salt);
  const partHashes = inOne(payload.hash, place?.hash);
  const sequence = end.sequence + 1;
  const { chain, link: previous } = end;
  const { time, type, messageId, identityId } = event;
  const input = { chain, previous, sequence, time, type, messageId, identityId, partHashes };
  return { payload, place, sequence, partHashes, link: linkOf(input) };
}

/** Of the payload, and of the place if there is one, one after the other: each part can be shown, or kept, without the other. */
export function hashesOf({ payload, place }: EventContent): Uint8Array {
  return inOne(partHash(payload), place && partHash(place));
}

function inOne(payload: Uint8Array, place: Uint8Array | undefined): Uint8Array {
  return place === undefined ? payload : Buffer.concat([payload, place]);
}

export function linkOf({ chain, previous, sequence, time, type, ...event }: LinkInput): Uint8Array {
  const { messageId = '', identityId = '', partHashes } = event;
  const words = `${type}\0${messageId}\0${identityId}\0`;
  const wordsAt = 1 + 3 * NUMBER_OCTETS + LINK_OCTETS;
  const hashesAt = wordsAt + Buffer.byteLength(words);
  const input = Buffer.alloc(hashesAt + partHashes.length);
  input.writeUInt8(LINK_VERSION, 0);
  writeNumber(input, chain, 1);
  writeNumber(input, sequence, 1 + NUMBER_OCTETS);
  writeNumber(input, time, 1 + 2 * NUMBER_OCTETS);
  input.set(previous, 1 + 3 * NUMBER_OCTETS);
  input.write(words, wordsAt);
  input.set(partHashes, hashesAt);
  return hash('sha256', input, 'buffer');
}

export function linkOfVersion1({ previous, sequence, time, type, ...event }: LinkInput): Uint8Array {
  const { messageId, identityId, partHashes } = event;
  const numbers = Buffer.alloc(2 * NUMBER_OCTETS);
  writeNumber(numbers, sequence, 0);
  writeNumber(numbers, time, NUMBER_OCTETS);
  const words = Buffer.from(`${type}\0${messageId ?? identityId ?? ''}\0`);
  return hash('sha256', Buffer.concat([previous, numbers, words, partHashes]), 'buffer');
}

// NUL can't stand in a type or an id: the parts can't run into each other.
const NUMBER_OCTETS = 8;

function writeNumber(target: Buffer, number: number, at: number): void {
  target.writeBigInt64BE(BigInt(number), at);
}
