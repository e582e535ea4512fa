// Message content between DATA and its end, octet-exact (RFC 5321 sections 2.3.8 and 4.1.1.4). Only CRLF.CRLF ends it; transparency dots
// are taken away; a bare CR, a bare LF or NUL anywhere spoils the message, whoever wrote it (F-SMUG-1): it is read to its true
// end and then refused. Chunks are passed on by reference; the work is linear and the state is a few numbers.
//
// Strategy: the end and the transparency dots stand behind an LF, and are found by native search for LF and dot; what can be wrong is CR
// or below, and is found in one walk, eight octets at a time.

import { CR, DOT, indexOfBytes, LF, NUL } from '../../base/bytes.ts';

/** RFC 5322 section 2.1.1, without CRLF. */
export const LINE_OCTETS_MAX = 998;

export interface ContentFlaw {
  readonly type: 'bareCrLfNul' | 'longLine';
  /** From 1, header included. */
  readonly line: number;
}

export interface ContentResult {
  /** Content octets, transparency removed, in order. */
  readonly content: readonly Uint8Array[];
  /** Undefined: more is to come. Else what follows the end. */
  readonly rest: Uint8Array | undefined;
}

/** What DATA and BDAT look for alike, line by line, across chunk borders. */
export class LineWatch {
  readonly #longBodyLines: 'refuse' | 'pass';
  #line = 1;
  #length = 0;
  #afterCr = false;
  #inBody = false;
  #flaw: ContentFlaw | undefined;

  constructor(longBodyLines: 'refuse' | 'pass') {
    this.#longBodyLines = longBodyLines;
  }

  get flaw(): ContentFlaw | undefined {
    return this.#flaw;
  }

  /** True at the start of a line: right after CRLF, or at the very beginning. */
  get atLineStart(): boolean {
    return this.#length === 0 && !this.#afterCr;
  }

  get afterCr(): boolean {
    return this.#afterCr;
  }

  watch(bytes: Uint8Array): void {
    let from = this.#joinCr(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = nextControl(view, from); at < bytes.length; at = nextControl(view, at + 1)) {
      const octet = bytes[at];
      if (octet === CR) {
        if (at + 1 === bytes.length) {
          this.#afterCr = true;
          return this.#addToLine(at - from);
        }
        if (bytes[at + 1] !== LF) {
          this.#spoil('bareCrLfNul', this.#line);
          continue;
        }
        this.#addToLine(at - from);
        this.#endLine();
        at += 1;
        from = at + 1;
      } else if (octet === LF) {
        this.#spoil('bareCrLfNul', this.#line);
        this.#addToLine(at - from);
        this.#endLine();
        from = at + 1;
      } else if (octet === NUL) this.#spoil('bareCrLfNul', this.#line);
    }
    this.#addToLine(bytes.length - from);
  }

  /** The CR that ended the last chunk finds its LF, or was bare. Where this chunk's own octets begin. */
  #joinCr(bytes: Uint8Array): number {
    if (!this.#afterCr || bytes.length === 0) return 0;
    this.#afterCr = false;
    if (bytes[0] !== LF) {
      this.#spoil('bareCrLfNul', this.#line);
      return 0;
    }
    this.#endLine();
    return 1;
  }

  #addToLine(octets: number): void {
    this.#length += octets;
    if (this.#length > LINE_OCTETS_MAX && !(this.#inBody && this.#longBodyLines === 'pass'))
      this.#spoil('longLine', this.#line);
  }

  #endLine(): void {
    if (this.#length === 0) this.#inBody = true;
    this.#line += 1;
    this.#length = 0;
  }

  /** The first flaw counts, but a framing flaw outranks a long line. */
  #spoil(type: ContentFlaw['type'], line: number): void {
    if (this.#flaw === undefined || (this.#flaw.type === 'longLine' && type === 'bareCrLfNul'))
      this.#flaw = { type, line };
  }
}

const BELOW_14 = 0x0e0e0e0e;
const HIGH_BITS = 0x80808080 | 0;

/** Where the next octet up to CR stands, or the end. Eight at a time: the sum of a word tells whether one of its octets is below 14. */
function nextControl(view: DataView, from: number): number {
  const end = view.byteLength;
  let at = from;
  for (; at + 8 <= end; at += 8) {
    const first = controlsOf(view.getInt32(at, true));
    const second = controlsOf(view.getInt32(at + 4, true));
    if (first !== 0) return at + lowestOctet(first);
    if (second !== 0) return at + 4 + lowestOctet(second);
  }
  while (at < end && view.getUint8(at) > CR) at += 1;
  return at;
}

/** 0: none of the four octets is below 14. Else the high bit of the lowest that is, and perhaps of octets above it. */
function controlsOf(word: number): number {
  return (word - BELOW_14) & ~word & HIGH_BITS;
}

/** Which of the four octets of a little-endian word has the lowest bit that is set. */
function lowestOctet(bits: number): number {
  return (31 - Math.clz32(bits & -bits)) >> 3;
}

const DOT_LINE = Uint8Array.of(LF, DOT);

/** Where the next LF with a dot behind it stands, or -1. */
export function indexOfDotLine(bytes: Uint8Array, from: number): number {
  return indexOfBytes(bytes, DOT_LINE, from);
}

// Where the last octets leave us, as far as the end mark is concerned. `lineStart`: after CRLF (or at the beginning);
// `dot`: a dot at a line's start, held back; `dotCr`: that dot and a CR, held back; `text`: anything else.
type Mark = 'lineStart' | 'dot' | 'dotCr' | 'text';

const HELD: Readonly<Record<'dot' | 'dotCr', Uint8Array>> = {
  dot: Uint8Array.of(DOT),
  dotCr: Uint8Array.of(DOT, CR),
};

export class DataFraming {
  readonly #watch: LineWatch;
  #mark: Mark = 'lineStart';
  /** The octet before the current chunk, to know a CRLF that is cut by its border. */
  #last = -1;

  constructor(longBodyLines: 'refuse' | 'pass') {
    this.#watch = new LineWatch(longBodyLines);
  }

  get flaw(): ContentFlaw | undefined {
    return this.#watch.flaw;
  }

  push(bytes: Uint8Array): ContentResult {
    const content: Uint8Array[] = [];
    let from = 0;
    let at = 0;
    while (at < bytes.length) {
      if (this.#mark === 'text') {
        at = this.#skipToLineStart(bytes, at);
        continue;
      }
      const octet = bytes[at] ?? 0;
      at += 1;
      const before = this.#mark;
      this.#mark = nextMark(before, octet);
      if (before === 'lineStart' && octet === DOT) {
        // The dot is either transparency or the end: either way it is no content by itself.
        this.#emit(content, bytes.subarray(from, at - 1));
        from = at;
      } else if (before === 'dotCr' && octet === LF) {
        return { content, rest: bytes.subarray(at) };
      } else if (before === 'dotCr') {
        // `.` CR and then no LF: the CR was bare. It is content, and it spoils the message.
        this.#emit(content, HELD.dotCr.subarray(1));
        from = at - 1;
        if (this.#mark === 'text') at -= 1;
      } else if (before === 'dot' && octet === CR) {
        from = at;
      } else if (before === 'dot') {
        from = at - 1;
        if (this.#mark === 'text') at -= 1;
      } else if (this.#mark === 'text') {
        at -= 1;
      }
    }
    this.#emit(content, bytes.subarray(from));
    this.#last = bytes.at(-1) ?? this.#last;
    return { content, rest: undefined };
  }

  /** From inside a line to the next one that begins with a dot, or to the end of the chunk; lines between them are text. */
  #skipToLineStart(bytes: Uint8Array, from: number): number {
    for (let lf = indexOfDotLine(bytes, from); lf >= 0; lf = indexOfDotLine(bytes, lf + 1)) {
      if (this.#before(bytes, lf) !== CR) continue;
      this.#mark = 'lineStart';
      return lf + 1;
    }
    const last = bytes.length - 1;
    if (last >= from && bytes[last] === LF && this.#before(bytes, last) === CR) this.#mark = 'lineStart';
    return bytes.length;
  }

  #before(bytes: Uint8Array, at: number): number {
    return at === 0 ? this.#last : (bytes[at - 1] ?? 0);
  }

  #emit(content: Uint8Array[], bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#watch.watch(bytes);
    content.push(bytes);
  }
}

function nextMark(mark: Mark, octet: number): Mark {
  if (mark === 'lineStart') return octet === DOT ? 'dot' : 'text';
  if (mark === 'dot') return octet === CR ? 'dotCr' : 'text';
  return octet === LF ? 'lineStart' : 'text';
}
