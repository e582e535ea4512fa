// Content on its way out (RFC 5321 section 4.5.2): dots at the start of a line are doubled, the end is one CRLF, a dot, CRLF. What must not
// go on the wire does not: a bare CR or LF, NUL or an endless line in the store stops the message (E-C-2, F-SMUG-3).

import { concat, CR, DOT, LF } from '../../base/bytes.ts';
import { LineWatch } from './data-framing.ts';

const DOT_BYTE = Uint8Array.of(DOT);
const CRLF = Uint8Array.of(CR, LF);

export class ContentFlawed extends Error {
  override readonly name = 'ContentFlawed';
}

export class DotStuffing {
  readonly #watch = new LineWatch('pass');
  #atLineStart = true;

  /** Throws `ContentFlawed`. */
  push(bytes: Uint8Array): Uint8Array {
    this.#watch.watch(bytes);
    const { flaw } = this.#watch;
    if (flaw !== undefined)
      throw new ContentFlawed(`bare CR, LF or NUL, or a header line too long, in line ${flaw.line}`);
    const parts: Uint8Array[] = [];
    let from = 0;
    if (this.#atLineStart && bytes[0] === DOT) parts.push(DOT_BYTE);
    for (let lf = bytes.indexOf(LF); lf >= 0 && lf + 1 < bytes.length; lf = bytes.indexOf(LF, lf + 1)) {
      if (bytes[lf + 1] !== DOT) continue;
      parts.push(bytes.subarray(from, lf + 1), DOT_BYTE);
      from = lf + 1;
    }
    parts.push(bytes.subarray(from));
    if (bytes.length > 0) this.#atLineStart = bytes.at(-1) === LF;
    return concat(parts);
  }

  end(): Uint8Array {
    if (this.#watch.afterCr) throw new ContentFlawed('a bare CR at the end');
    const dotLine = Uint8Array.of(DOT, CR, LF);
    return this.#atLineStart ? dotLine : concat([CRLF, dotLine]);
  }
}
