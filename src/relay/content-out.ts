// Content that is not sent as one write: large messages from memory in blocks, messages from the store as they are read. Each block has its own timeout.

import { octetsOf } from '../base/bytes.ts';
import { KIB } from '../base/size.ts';
import type { DeliveryInput } from '../protocol/delivery/ports.ts';
import { ContentFlawed, DotStuffing } from '../protocol/wire/dot-stuffing.ts';

const BLOCK_OCTETS = 128 * KIB;

export interface ContentWay {
  write(pieces: readonly Uint8Array[]): Promise<void>;
  feed(input: DeliveryInput): void;
  /** Asked before the end. False: it must be left out (`withhold`). */
  mayGo(): boolean;
  withhold(): void;
  /** The end is left out: without it the server delivers nothing. */
  giveUp(): void;
}

/** Dot-stuffed, with its end. */
export async function sendBlocks(stuffed: readonly Uint8Array[], way: ContentWay): Promise<void> {
  try {
    let block: Uint8Array[] = [];
    for (const [at, piece] of stuffed.entries()) {
      block.push(piece);
      const isLast = at === stuffed.length - 1;
      if (!isLast && octetsOf(block) < BLOCK_OCTETS) continue;
      // Before the end is written: its reply may be read before we hear that the write is done.
      if (isLast && !way.mayGo()) return way.withhold();
      if (isLast) way.feed({ type: 'contentSent' });
      await way.write(block);
      if (!isLast) way.feed({ type: 'contentProgress' });
      block = [];
    }
  } catch (error) {
    failed(error, way);
  }
}

export async function sendStream(
  open: () => Promise<AsyncIterable<Uint8Array>> | undefined,
  way: ContentWay,
): Promise<void> {
  const stuffing = new DotStuffing();
  try {
    const content = await open();
    if (content === undefined) throw new Error('no content');
    for await (const bytes of content) {
      await way.write([stuffing.push(bytes)]);
      // RFC 5321 section 4.5.3.2.5 gives each block its minutes, not the whole message.
      way.feed({ type: 'contentProgress' });
    }
    const end = stuffing.end();
    if (!way.mayGo()) return way.withhold();
    // Before the end is written: its reply may be read before we hear that the write is done.
    way.feed({ type: 'contentSent' });
    await way.write([end]);
  } catch (error) {
    failed(error, way);
  }
}

function failed(error: unknown, way: ContentWay): void {
  const because = error instanceof Error ? error.message : String(error);
  way.feed({ type: 'contentFailed', because, permanent: error instanceof ContentFlawed });
  way.giveUp();
}
