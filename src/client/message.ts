// The message as the caller gives it, made fit for the wire: lines end with CRLF (C-ORD-15), and what SMTP must know of it is found out: its
// size, whether it needs SMTPUTF8 or 8BITMIME. Text is UTF-8. Nothing else of it is changed.

import { concat, indexOfBytes, isAscii, NUL, utf8, utf8Text } from '../base/bytes.ts';
import { Pieces } from '../base/pieces.ts';
import { KIB } from '../base/size.ts';
import { badInput } from './errors.ts';
import { LineEndings } from './line-endings.ts';

type Piece = string | Uint8Array;

/** Header and body. A function gives a fresh stream each time it is called: it may be needed more than once. */
export type MessageInput = Piece | AsyncIterable<Piece> | (() => AsyncIterable<Piece>);

interface Facts {
  /** The header has UTF-8 (RFC 6532): needs SMTPUTF8. */
  readonly headerUtf8: boolean;
  /** Octets above 127. For a stream: not known, so it is taken for granted. */
  readonly body8bit: boolean;
}

export type Content =
  | (Facts & { readonly type: 'whole'; readonly bytes: Uint8Array })
  | (Facts & {
      readonly type: 'stream';
      /** Undefined: it was read already, and there is no second time. */
      open(): AsyncIterable<Uint8Array> | undefined;
      canOpen(): boolean;
      /** It can be read as often as needed. */
      readonly isRepeatable: boolean;
      /** Nobody will read it (any more). */
      dispose(): Promise<void>;
    });

/** The header must be known before the first command. */
const HEADER_OCTETS_MAX = 256 * KIB;
/** A stream up to this size is sent like a message in memory: its size is known, and others may overlap with it. */
export const WHOLE_OCTETS_MAX = 64 * KIB;
const BLANK_LINE = utf8('\r\n\r\n');
const NUL_OCTET = Uint8Array.of(NUL);

/** Rejects with `badInput`. */
export async function readMessage(input: MessageInput): Promise<Content> {
  if (typeof input === 'string' || input instanceof Uint8Array) return whole(bytesOf(input));
  return typeof input === 'function' ? readStream(input(), input) : readStream(input, undefined);
}

function bytesOf(piece: unknown): Uint8Array {
  if (typeof piece === 'string') return utf8(piece);
  if (piece instanceof Uint8Array) return piece;
  throw badInput('the message must be text or octets (string, Uint8Array)', 'Encode it first.');
}

function whole(given: Uint8Array): Content {
  refuseNul(given);
  const bytes = new LineEndings().whole(given);
  if (bytes.length === 0) throw badInput('the message is empty', 'Give a header and a body.');
  const { header, body8bit } = split(bytes);
  return { type: 'whole', bytes, headerUtf8: isUtf8(header), body8bit: body8bit || !isAscii(header) };
}

function refuseNul(bytes: Uint8Array): void {
  if (indexOfBytes(bytes, NUL_OCTET) >= 0)
    throw badInput('the message holds a NUL octet', 'Encode binary content (base64) before you send it.');
}

function split(bytes: Uint8Array): { readonly header: Uint8Array; readonly body8bit: boolean } {
  const end = indexOfBytes(bytes, BLANK_LINE);
  if (bytes[0] === BLANK_LINE[0] || end < 0)
    return { header: end < 0 ? bytes : new Uint8Array(0), body8bit: !isAscii(bytes) };
  return { header: bytes.subarray(0, end), body8bit: !isAscii(bytes.subarray(end)) };
}

/** Old 8-bit charsets in a header are no reason to ask for SMTPUTF8. */
function isUtf8(header: Uint8Array): boolean {
  return !isAscii(header) && utf8Text(header) !== undefined;
}

async function* normalized(input: AsyncIterable<Piece>): AsyncGenerator<Uint8Array, void> {
  const endings = new LineEndings();
  for await (const piece of input) {
    const bytes = bytesOf(piece);
    refuseNul(bytes);
    const lines = endings.push(bytes);
    if (lines.length > 0) yield lines;
  }
  const rest = endings.end();
  if (rest.length > 0) yield rest;
}

/** Reads up to the end of the header, and some more: a stream that ends by then is a whole message. */
async function readStream(
  input: AsyncIterable<Piece>,
  again: (() => AsyncIterable<Piece>) | undefined,
): Promise<Content> {
  const source = normalized(input);
  const head = new Pieces();
  let octets = 0;
  let tail: Uint8Array = new Uint8Array(0);
  let isHeaderRead = false;
  for (;;) {
    const { value, done } = await source.next();
    if (done === true) return whole(concat(head.take()));
    head.push(value);
    octets += value.length;
    tail = concat([tail, value]);
    isHeaderRead ||= indexOfBytes(tail, BLANK_LINE) >= 0;
    if (octets >= (isHeaderRead ? WHOLE_OCTETS_MAX : HEADER_OCTETS_MAX)) break;
    tail = tail.subarray(-BLANK_LINE.length + 1);
  }
  const joined = concat(head.take());
  const { header } = split(joined);
  let first: AsyncGenerator<Uint8Array, void> | undefined = continued(joined, source);
  return {
    type: 'stream',
    headerUtf8: isUtf8(header),
    body8bit: true,
    open() {
      const opened = first ?? (again === undefined ? undefined : normalized(again()));
      first = undefined;
      return opened;
    },
    isRepeatable: again !== undefined,
    canOpen: () => first !== undefined || again !== undefined,
    async dispose() {
      if (first !== undefined) await source.return();
      first = undefined;
    },
  };
}

async function* continued(
  head: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void>,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield head;
    yield* rest;
  } finally {
    await rest.return();
  }
}
