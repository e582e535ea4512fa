// Gathers the header of a message, piece by piece, until its blank line (RFC 5322 section 2.1). The header ends with the CRLF of its last
// field; the blank line belongs to neither part; `rest` is the first of the body.

import { concat, CR, LF } from '../base/bytes.ts';
import { Pieces } from '../base/pieces.ts';

export type Collected =
  | { readonly type: 'more' }
  | { readonly type: 'complete'; readonly header: Uint8Array; readonly rest: Uint8Array }
  | { readonly type: 'tooLarge' };

const CRLF = Uint8Array.of(CR, LF);

export class HeaderCollector {
  readonly #limit: number;
  readonly #pieces = new Pieces();
  #octets = 0;
  /** How much of CRLF CRLF the last octets match; the beginning of the message counts as after a CRLF. */
  #matched = 2;

  constructor(limitOctets: number) {
    this.#limit = limitOctets;
  }

  push(bytes: Uint8Array): Collected {
    const end = this.#findEnd(bytes);
    const before = this.#octets;
    this.#octets += end < 0 ? bytes.length : end;
    if (this.#octets > this.#limit + 2) return { type: 'tooLarge' };
    this.#pieces.push(end < 0 ? bytes : bytes.subarray(0, end));
    if (end < 0) return { type: 'more' };
    const all = concat(this.#pieces.take());
    return { type: 'complete', header: all.subarray(0, before + end - 2), rest: bytes.subarray(end) };
  }

  /** The message ended in its header. */
  end(): Uint8Array {
    const all = concat(this.#pieces.take());
    const closed = all.length === 0 || this.#matched === 2;
    return closed ? all : concat([all, CRLF]);
  }

  /** Position after the blank line, or -1. */
  #findEnd(bytes: Uint8Array): number {
    for (let at = 0; at < bytes.length; at += 1) {
      if (this.#matched === 0) {
        const cr = bytes.indexOf(CR, at);
        if (cr < 0) return -1;
        at = cr;
      }
      const octet = bytes[at];
      const wanted = this.#matched % 2 === 0 ? CR : LF;
      if (octet === wanted) this.#matched += 1;
      else this.#matched = octet === CR ? 1 : 0;
      if (this.#matched === 4) return at + 1;
    }
    return -1;
  }
}
