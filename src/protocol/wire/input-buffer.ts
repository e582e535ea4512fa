// Octets that came in and were not interpreted yet. Lines are cut at CRLF only (RFC 5321 section 2.3.8); an over-long line is thrown
// away up to its CRLF and reported once. A chunk that arrives while nothing is held is kept by reference, never copied.

import { CR, LF, NUL } from '../../base/bytes.ts';

export type TakenLine =
  | { readonly type: 'line'; readonly bytes: Uint8Array }
  /** It held a bare CR, a bare LF or NUL; `bytes` are its octets as they came. */
  | { readonly type: 'flawed'; readonly bytes: Uint8Array }
  | { readonly type: 'tooLong' }
  /** More octets without CRLF than any honest command has. */
  | { readonly type: 'endless' };

const ENDLESS_OCTETS = 64 * 1024;
const none = new Uint8Array(0);

export class InputBuffer {
  #bytes: Uint8Array = none;
  #from = 0;
  #end = 0;
  /** Up to here no CRLF was found. */
  #searched = 0;
  /** The bytes are ours to append to. */
  #owned = false;
  /** Octets of an over-long line that were thrown away so far. */
  #skipped = 0;

  get length(): number {
    return this.#end - this.#from;
  }

  push(bytes: Uint8Array): void {
    if (this.length === 0) {
      this.#bytes = bytes;
      this.#from = 0;
      this.#searched = 0;
      this.#end = bytes.length;
      this.#owned = false;
      return;
    }
    this.#makeRoom(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  #makeRoom(octets: number): void {
    const held = this.length;
    if (this.#owned && this.#end + octets <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(512, 2 * (held + octets)));
    grown.set(this.#bytes.subarray(this.#from, this.#end));
    this.#bytes = grown;
    this.#searched -= this.#from;
    this.#from = 0;
    this.#end = held;
    this.#owned = true;
  }

  /** Everything that is held; it belongs to the caller now. */
  takeAll(): Uint8Array {
    return this.takeOctets(this.length);
  }

  takeOctets(octets: number): Uint8Array {
    const end = this.#from + Math.min(octets, this.length);
    const taken = this.#bytes.subarray(this.#from, end);
    this.#moveTo(end);
    return taken;
  }

  #moveTo(at: number): void {
    this.#from = at;
    this.#searched = at;
    if (at < this.#end) return;
    this.#bytes = none;
    this.#from = 0;
    this.#end = 0;
    this.#searched = 0;
    this.#owned = false;
  }

  /** Puts back octets that a framing did not use, in front of all others. */
  unread(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const rest = this.takeAll();
    this.push(bytes);
    if (rest.length > 0) this.push(rest);
  }

  /** The next line without its CRLF, or undefined if it has not come whole. `octetsMax` counts without CRLF. */
  takeLine(octetsMax: number): TakenLine | undefined {
    const end = this.#findCrLf();
    if (end < 0) return this.#withoutEnd(octetsMax);
    const bytes = this.#bytes.subarray(this.#from, end);
    const whole = this.#skipped === 0;
    this.#skipped = 0;
    this.#moveTo(end + 2);
    if (!whole || bytes.length > octetsMax) return { type: 'tooLong' };
    return { type: isFlawed(bytes) ? 'flawed' : 'line', bytes };
  }

  #findCrLf(): number {
    let at = Math.max(this.#searched, this.#from);
    for (;;) {
      const lf = this.#bytes.indexOf(LF, at);
      if (lf < 0 || lf >= this.#end) {
        this.#searched = this.#end;
        return -1;
      }
      if (lf > this.#from && this.#bytes[lf - 1] === CR) return lf - 1;
      at = lf + 1;
    }
  }

  #withoutEnd(octetsMax: number): TakenLine | undefined {
    if (this.length <= octetsMax + 1) return undefined;
    // The last octet may be the CR of the line's end.
    this.#skipped += this.length - 1;
    this.#moveTo(this.#end - 1);
    if (this.#skipped <= ENDLESS_OCTETS) return undefined;
    this.#skipped = 0;
    return { type: 'endless' };
  }
}

function isFlawed(bytes: Uint8Array): boolean {
  for (const octet of bytes) if (octet === CR || octet === LF || octet === NUL) return true;
  return false;
}
