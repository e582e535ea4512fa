// Message content between DATA and its end, octet-exact (RFC 5321 sections 2.3.8 and 4.1.1.4). Only CRLF.CRLF ends it; transparency dots
// are taken away; a bare CR, a bare LF or NUL anywhere spoils the message, whoever wrote it (F-SMUG-1): it is read to its true
// end and then refused. Chunks are passed on by reference; the work is linear and the state is a few numbers.
//
// Strategy: all that matters is CR or below, or a dot after CRLF. It is found in one walk, eight octets at a time, which stops at such dots.

import { CR, DOT, LF, NUL } from '../../base/bytes.ts';

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

/** Lines over 998 octets: refused, passed on in the body alone, or wherever they stand. */
export type LongLines = 'refuse' | 'passInBody' | 'pass';

/** What DATA and BDAT look for alike, line by line, across chunk borders. */
export class LineWatch {
  readonly #longLines: LongLines;
  #line = 1;
  #length = 0;
  #afterCr = false;
  #afterCrLf = true;
  #inBody = false;
  #flaw: ContentFlaw | undefined;

  constructor(longLines: LongLines) {
    this.#longLines = longLines;
  }

  get flaw(): ContentFlaw | undefined {
    return this.#flaw;
  }

  /** True at the start of a line: right after CRLF, or at the very beginning. */
  get atLineStart(): boolean {
    return this.#afterCrLf;
  }

  get afterCr(): boolean {
    return this.#afterCr;
  }

  /** True: a line that begins in `bytes` begins with a dot. */
  watch(bytes: Uint8Array): boolean {
    const view = viewOf(bytes);
    let hasDotLine = this.#afterCrLf && bytes[0] === DOT;
    for (let at = 0; at < bytes.length;) {
      at = this.walk(view, at);
      if (at < bytes.length) hasDotLine = true;
    }
    return hasDotLine;
  }

  /** Takes octets in from `from` on, which is inside the view: up to the next dot after CRLF, whose place is returned, or to the end. */
  walk(view: DataView, from: number): number {
    const end = view.byteLength;
    let line = this.#joinCr(view, from);
    this.#afterCrLf = false;
    if (line > from && line < end && view.getUint8(line) === DOT) return this.#stopAt(line);
    let crLf = line > from ? line : -1;
    for (let at = nextControl(view, line); at < end; at = nextControl(view, at + 1)) {
      const octet = view.getUint8(at);
      if (octet === CR) {
        if (at + 1 === end) {
          this.#afterCr = true;
          this.#addToLine(at - line);
          return end;
        }
        if (view.getUint8(at + 1) !== LF) {
          this.#spoil('bareCrLfNul', this.#line);
          continue;
        }
        this.#addToLine(at - line);
        this.#endLine();
        at += 1;
        line = at + 1;
        crLf = line;
        if (line < end && view.getUint8(line) === DOT) return this.#stopAt(line);
      } else if (octet === LF) {
        this.#spoil('bareCrLfNul', this.#line);
        this.#addToLine(at - line);
        this.#endLine();
        line = at + 1;
      } else if (octet === NUL) this.#spoil('bareCrLfNul', this.#line);
    }
    this.#afterCrLf = crLf === end;
    this.#addToLine(end - line);
    return end;
  }

  #stopAt(dot: number): number {
    this.#afterCrLf = true;
    return dot;
  }

  /** The CR that ended the last chunk finds its LF, or was bare. Where this chunk's own octets begin. */
  #joinCr(view: DataView, from: number): number {
    if (!this.#afterCr) return from;
    this.#afterCr = false;
    if (view.getUint8(from) !== LF) {
      this.#spoil('bareCrLfNul', this.#line);
      return from;
    }
    this.#endLine();
    return from + 1;
  }

  #addToLine(octets: number): void {
    this.#length += octets;
    if (this.#length > LINE_OCTETS_MAX && this.#longLines !== 'pass' && !this.#passesInBody)
      this.#spoil('longLine', this.#line);
  }

  get #passesInBody(): boolean {
    return this.#inBody && this.#longLines === 'passInBody';
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

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

const CR_ALONE = Uint8Array.of(CR);

export class DataFraming {
  readonly #watch: LineWatch;
  /** `dot`: a dot at a line's start, held back; `dotCr`: that dot and a CR, held back. */
  #mark: 'text' | 'dot' | 'dotCr' = 'text';
  #hasDotLines = false;

  constructor(longLines: LongLines) {
    this.#watch = new LineWatch(longLines);
  }

  get flaw(): ContentFlaw | undefined {
    return this.#watch.flaw;
  }

  /** A line of the content begins with a dot. */
  get hasDotLines(): boolean {
    return this.#hasDotLines;
  }

  push(bytes: Uint8Array): ContentResult {
    const content: Uint8Array[] = [];
    const view = viewOf(bytes);
    let from = 0;
    let at = 0;
    while (at < bytes.length) {
      const octet = view.getUint8(at);
      if (this.#mark === 'text' && this.#watch.atLineStart && octet === DOT) {
        // The dot is either transparency or the end: either way it is no content by itself.
        if (at > from) content.push(bytes.subarray(from, at));
        this.#mark = 'dot';
        at += 1;
        from = at;
      } else if (this.#mark === 'dot' && octet === CR) {
        this.#mark = 'dotCr';
        at += 1;
        from = at;
      } else if (this.#mark === 'dotCr' && octet === LF) {
        return { content, rest: bytes.subarray(at + 1) };
      } else {
        if (this.#mark !== 'text') this.#releaseHeld(content, octet);
        at = this.#watch.walk(view, at);
      }
    }
    if (from < bytes.length) content.push(bytes.subarray(from));
    return { content, rest: undefined };
  }

  /** It was no end: the dot was transparency, and a CR after it is content, which spoils the message. */
  #releaseHeld(content: Uint8Array[], octet: number): void {
    if (this.#mark === 'dotCr') {
      this.#watch.watch(CR_ALONE);
      content.push(CR_ALONE);
    } else if (octet === DOT) this.#hasDotLines = true;
    this.#mark = 'text';
  }
}
