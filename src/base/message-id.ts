// The id of a message: 48-bit milliseconds, 16-bit counter, 64 random bits; it never runs backwards and is
// printed in 26 characters of Crockford base32. It is the queue id, stands in the final 250 and in `Received ... id`.

import { decodeBase32, encodeBase32, isBase32 } from './base32.ts';

/** 26 characters; sorts by time. */
export type MessageId = string;

export interface MessageIdSource {
  next(nowMs: number): MessageId;
}

/** Ids that only grow, even if the clock steps back; `random` fills the last eight bytes. */
export function messageIdSource(random: (length: number) => Uint8Array): MessageIdSource {
  let lastMs = 0;
  let counter = 0;
  return {
    next(nowMs) {
      if (nowMs > lastMs) {
        lastMs = nowMs;
        counter = 0;
      } else if (counter < 0xffff) {
        counter += 1;
      } else {
        lastMs += 1;
        counter = 0;
      }
      const bytes = Buffer.alloc(16);
      bytes.writeUIntBE(lastMs, 0, 6);
      bytes.writeUInt16BE(counter, 6);
      bytes.set(random(8), 8);
      return encodeBase32(bytes);
    },
  };
}

const TIME_MAX = 2 ** 48 - 1;

/** Before every id that was given at this time or later, and after all others. Milliseconds since the epoch. */
export function firstIdOf(ms: number): MessageId {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.min(Math.max(Math.ceil(ms), 0), TIME_MAX), 0, 6);
  return encodeBase32(bytes);
}

/** In the spelling that it is printed in. */
export function isMessageId(id: string): boolean {
  return isBase32(id, 16);
}

/**
 * The id as the name of a file, alone or with an ending. Throws for what is no id in the spelling that it is printed in: words that came
 * from a file of somebody else would lead out of the directory.
 */
export function fileNameOfId(id: MessageId): string {
  if (!isMessageId(id)) throw new Error(`${JSON.stringify(id.slice(0, 40))} is no message id`);
  return id;
}

export function messageIdBytes(id: MessageId): Uint8Array | undefined {
  return decodeBase32(id, 16);
}

export function messageIdFromBytes(bytes: Uint8Array): MessageId {
  return encodeBase32(bytes);
}
