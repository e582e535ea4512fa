// The chain of the trail: each event's link covers the one before it and everything that is kept of the event, so that nothing can be changed, removed
// or put in unseen. Of what can be forgotten only hashes go in: purge and erasure take content and salt away, and the chain still verifies.
//
// Version 1 (older stores) covers one of two ids, and the content as one part. A chain goes on with version 2 from its event `chainVersion`.

import { hash } from 'node:crypto';
import type { EventDraft } from './events.ts';
import { type ContentPart, contentOf, type EventContent } from './event-content.ts';

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
  readonly contentHash: Uint8Array;
}

export const LINK_OCTETS = 32;
export const SALT_OCTETS = 16;

/** What the first event links to. */
export const firstLink = new Uint8Array(LINK_OCTETS);
/** Stands for the hash of a part that an event lacks. */
const noPart = new Uint8Array(LINK_OCTETS);

/** Where a chain stands: its last event. */
export interface ChainEnd {
  readonly chain: number;
  /** 0: it has none yet. */
  readonly sequence: number;
  readonly link: Uint8Array;
}

export interface SealedEvent extends EventContent {
  readonly sequence: number;
  readonly contentHash: Uint8Array;
  readonly link: Uint8Array;
}

/** The next event of a chain as it is kept. `salt`: gives a new one each time. */
export function sealed(end: ChainEnd, event: EventDraft, salt: () => Uint8Array): SealedEvent {
  const content = contentOf(event.payload, salt);
  const contentHash = hashOfContent(content);
  const sequence = end.sequence + 1;
  const { chain, link: previous } = end;
  const { time, type, messageId, identityId } = event;
  const input = { chain, previous, sequence, time, type, messageId, identityId, contentHash };
  return { ...content, sequence, contentHash, link: linkOf(input) };
}

/** SHA-256 over the hashes of the parts: with the hash of a part in its place the other one can be shown, or kept, alone. */
export function hashOfContent({ payload, place }: EventContent): Uint8Array {
  return sha256([partHash(payload), place === undefined ? noPart : partHash(place)]);
}

/** Of version 1 the content hash itself. */
export function partHash({ salt, octets }: ContentPart): Uint8Array {
  return sha256([salt, octets]);
}

export function linkOf({ chain, previous, sequence, time, type, ...event }: LinkInput): Uint8Array {
  const { messageId = '', identityId = '', contentHash } = event;
  const words = Buffer.from(`${type}\0${messageId}\0${identityId}\0`);
  return sha256([versionAndChain(chain), previous, numbers(sequence, time), words, contentHash]);
}

export function linkOfVersion1({ previous, sequence, time, type, ...event }: LinkInput): Uint8Array {
  const { messageId, identityId, contentHash } = event;
  const words = Buffer.from(`${type}\0${messageId ?? identityId ?? ''}\0`);
  return sha256([previous, numbers(sequence, time), words, contentHash]);
}

function versionAndChain(chain: number): Uint8Array {
  const head = Buffer.alloc(9);
  head.writeUInt8(LINK_VERSION, 0);
  head.writeBigUInt64BE(BigInt(chain), 1);
  return head;
}

// NUL can't stand in a type or an id: the parts can't run into each other.
function numbers(sequence: number, time: number): Uint8Array {
  const both = Buffer.alloc(16);
  both.writeBigUInt64BE(BigInt(sequence), 0);
  both.writeBigUInt64BE(BigInt(time), 8);
  return both;
}

function sha256(parts: readonly Uint8Array[]): Uint8Array {
  return hash('sha256', Buffer.concat(parts), 'buffer');
}
