// Content as the octets of the wire, in writes of a bounded size: dot-stuffed with its end for DATA, as it is for BDAT.

import { isAscii } from '../base/bytes.ts';
import { KIB } from '../base/size.ts';
import { DotStuffing, stuffedWhole } from '../protocol/wire/dot-stuffing.ts';
import { type Content, WHOLE_OCTETS_MAX } from './message.ts';

const BLOCK_OCTETS = 128 * KIB;

type Whole = Extract<Content, { type: 'whole' }>;
type Streamed = Extract<Content, { type: 'stream' }>;

/** It goes with one write, and others may overlap with it. */
export function isSmall(content: Content): content is Whole {
  return content.type === 'whole' && content.bytes.length <= WHOLE_OCTETS_MAX;
}

export function* wholeWrites(bytes: Uint8Array, framing: 'data' | 'chunk'): Generator<Uint8Array, void> {
  const pieces = framing === 'chunk' ? [bytes] : stuffedWhole({ pieces: [bytes], hasDotLines: true });
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += BLOCK_OCTETS) yield piece.subarray(at, at + BLOCK_OCTETS);
  }
}

/** Its octets above 127 can't be known before, so they are refused when they come, if the server takes none (RFC 6152). */
export async function* streamWrites(content: Streamed, takes8bit: boolean): AsyncGenerator<Uint8Array, void> {
  const source = content.open();
  if (source === undefined) throw new Error('the message was a stream and has been read already');
  const stuffing = new DotStuffing('passInBody');
  for await (const bytes of source) {
    if (!takes8bit && !isAscii(bytes)) throw new Error('the server takes no 8-bit content (8BITMIME)');
    for (let at = 0; at < bytes.length; at += BLOCK_OCTETS)
      yield stuffing.push(bytes.subarray(at, at + BLOCK_OCTETS));
  }
  yield stuffing.end();
}
