// The chain of the trail: each event's link covers the one before it, so that nothing can be changed, removed or put in
// unseen. Only the hash of salt and payload goes in: purge and erasure take those away, and the chain still verifies.

import { hash } from 'node:crypto';

export interface LinkInput {
  readonly previous: Uint8Array;
  readonly sequence: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly type: string;
  /** Message or identity id, or ''. */
  readonly subject: string;
  readonly contentHash: Uint8Array;
}

export const LINK_OCTETS = 32;
export const SALT_OCTETS = 16;

/** What the first event links to. */
export const firstLink = new Uint8Array(LINK_OCTETS);

export function contentHash(salt: Uint8Array, payload: Uint8Array): Uint8Array {
  return hash('sha256', Buffer.concat([salt, payload]), 'buffer');
}

export function linkOf({
  previous,
  sequence,
  time,
  type,
  subject,
  contentHash: content,
}: LinkInput): Uint8Array {
  const head = Buffer.alloc(16);
  head.writeBigUInt64BE(BigInt(sequence), 0);
  head.writeBigUInt64BE(BigInt(time), 8);
  // NUL can't stand in a type or an id: the parts can't run into each other.
  const words = Buffer.from(`${type}\0${subject}\0`);
  return hash('sha256', Buffer.concat([previous, head, words, content]), 'buffer');
}
