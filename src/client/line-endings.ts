// Line endings made CRLF on the way to the wire (RFC 5321 section 2.3.8): a bare LF, as Unix programs write it, and a bare CR each end a line;
// a run of CRs, with or without an LF behind it, is one line end. So nothing in a message can be taken for the end of it by any server (F-SMUG-1, C-ORD-15).

import { concat, CR, LF } from '../base/bytes.ts';
import { LineWatch } from '../protocol/wire/data-framing.ts';

const CRLF = Uint8Array.of(CR, LF);
const none = new Uint8Array(0);

export class LineEndings {
  /** A CR ended the last piece: what it is depends on what follows. */
  #afterCr = false;
  #atLineStart = true;

  /** A whole message, with an end for its last line. It is not copied if nothing was wrong. */
  whole(bytes: Uint8Array): Uint8Array {
    const watch = new LineWatch('pass');
    watch.watch(bytes);
    const isClean = watch.flaw?.type !== 'bareCrLfNul' && !watch.afterCr;
    if (isClean && (bytes.length === 0 || bytes.at(-1) === LF)) return bytes;
    return concat([this.push(bytes), this.end()]);
  }

  push(bytes: Uint8Array): Uint8Array {
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const octet = bytes[at];
      if (octet === CR) {
        if (at > from) this.#text(parts, bytes.subarray(from, at));
        this.#afterCr = true;
        from = at + 1;
      } else if (octet === LF) {
        if (at > from) this.#text(parts, bytes.subarray(from, at));
        this.#afterCr = false;
        this.#line(parts);
        from = at + 1;
      }
    }
    if (from < bytes.length) this.#text(parts, bytes.subarray(from));
    return concat(parts);
  }

  /** What was held back, and an end for the last line. */
  end(): Uint8Array {
    const parts: Uint8Array[] = [];
    this.#settleCr(parts);
    if (!this.#atLineStart) this.#line(parts);
    return parts.length === 0 ? none : concat(parts);
  }

  #text(parts: Uint8Array[], bytes: Uint8Array): void {
    this.#settleCr(parts);
    parts.push(bytes);
    this.#atLineStart = false;
  }

  /** CRs that no LF followed. */
  #settleCr(parts: Uint8Array[]): void {
    if (!this.#afterCr) return;
    this.#afterCr = false;
    this.#line(parts);
  }

  #line(parts: Uint8Array[]): void {
    parts.push(CRLF);
    this.#atLineStart = true;
  }
}
