// Content on its way out (RFC 5321 section 4.5.2): dots at the start of a line are doubled, the end is one CRLF, a dot, CRLF. Content that must not
// be sent is stopped here: a bare CR or LF, NUL or an endless line in the store (E-C-2, F-SMUG-3).

import { concat, CR, DOT, indexOfBytes, LF } from '../../base/bytes.ts';
import { LineWatch, type LongLines } from './data-framing.ts';

const DOT_BYTE = Uint8Array.of(DOT);
const DOT_LINE = Uint8Array.of(LF, DOT);
const END_OF_LINES = Uint8Array.of(DOT, CR, LF);
const END = Uint8Array.of(CR, LF, DOT, CR, LF);

export class ContentFlawed extends Error {
  override readonly name = 'ContentFlawed';
}

/** Dots at the start of a line doubled; the octets themselves if there are none. */
function stuffDots(bytes: Uint8Array, atLineStart: boolean): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  if (atLineStart && bytes[0] === DOT) parts.push(DOT_BYTE);
  for (let lf = indexOfBytes(bytes, DOT_LINE); lf >= 0; lf = indexOfBytes(bytes, DOT_LINE, lf + 1)) {
    parts.push(bytes.subarray(from, lf + 1), DOT_BYTE);
    from = lf + 1;
  }
  if (parts.length === 0) return bytes;
  parts.push(bytes.subarray(from));
  return concat(parts);
}

/** A whole content in memory, header and body, with what was seen of it on its way in. */
export interface WatchedContent {
  readonly pieces: readonly Uint8Array[];
  /** False: no line begins with a dot, so that it need not be searched. */
  readonly hasDotLines: boolean;
}

/** With its end. */
export function stuffedWhole({ pieces, hasDotLines }: WatchedContent): readonly Uint8Array[] {
  let atLineStart = true;
  const stuffed = pieces.map((piece) => {
    const out = hasDotLines ? stuffDots(piece, atLineStart) : piece;
    if (piece.length > 0) atLineStart = piece.at(-1) === LF;
    return out;
  });
  return [...stuffed, atLineStart ? END_OF_LINES : END];
}

export class DotStuffing {
  readonly #watch: LineWatch;
  #atLineStart = true;

  /** What was accepted passes; what a client is about to send may be judged once more. */
  constructor(longLines: LongLines = 'pass') {
    this.#watch = new LineWatch(longLines);
  }

  /** Throws `ContentFlawed`. */
  push(bytes: Uint8Array): Uint8Array {
    const hasDotLines = this.#watch.watch(bytes);
    const { flaw } = this.#watch;
    if (flaw !== undefined)
      throw new ContentFlawed(
        `${flaw.type === 'longLine' ? 'a header line too long' : 'bare CR, LF or NUL'}, in line ${flaw.line}`,
      );
    const stuffed = hasDotLines ? stuffDots(bytes, this.#atLineStart) : bytes;
    if (bytes.length > 0) this.#atLineStart = bytes.at(-1) === LF;
    return stuffed;
  }

  end(): Uint8Array {
    if (this.#watch.afterCr) throw new ContentFlawed('a bare CR at the end');
    return this.#atLineStart ? END_OF_LINES : END;
  }
}
