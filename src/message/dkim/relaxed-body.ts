// The body hash of DKIM under `relaxed` (RFC 6376 section 3.4.4), while the body streams: white space at the end of a line goes, a run of it
// becomes one space, empty lines at the end go, and a last line without CRLF gets one. Linear in time, bounded in memory: what stays as it
// is goes into the hash by reference, only short pieces between white space are gathered.

import { createHash, type Hash } from 'node:crypto';
import { CR, LF } from '../../base/bytes.ts';

const SPACE = 32;
const TAB = 9;
/** Pieces below this are gathered: a call into the hash costs more than copying them. */
const GATHERED_BELOW = 256;
const GATHER_OCTETS = 4096;
const SPACE_OCTET = Buffer.from(' ');
const CR_OCTET = Buffer.from('\r');
const EMPTY_LINES = Buffer.from('\r\n'.repeat(512));

export class RelaxedBodyHash {
  readonly #hash: Hash = createHash('sha256');
  #gathered: Buffer | undefined;
  #gatheredOctets = 0;
  /** Read but not yet part of the hash: it depends on what follows. */
  #lineEnds = 0;
  #space = false;
  #cr = false;
  /** Some octet of the body counts. */
  #hasContent = false;

  update(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#isHolding) at = this.#hold(bytes, at);
      if (at < bytes.length && !this.#isHolding) at = this.#pass(bytes, at);
    }
  }

  digest(): Buffer {
    if (this.#cr) this.#resolveCr();
    this.#flush();
    if (this.#hasContent) this.#hash.update(EMPTY_LINES.subarray(0, 2));
    return this.#hash.digest();
  }

  get #isHolding(): boolean {
    return this.#cr || this.#space || this.#lineEnds > 0;
  }

  /** Reads white space and line ends until something follows that counts; where that is. */
  #hold(bytes: Uint8Array, from: number): number {
    let at = from;
    for (; at < bytes.length; at += 1) {
      const octet = bytes[at];
      if (this.#cr) {
        if (octet !== LF) {
          this.#resolveCr();
          return at;
        }
        this.#cr = false;
        this.#space = false;
        this.#lineEnds += 1;
      } else if (octet === SPACE || octet === TAB) this.#space = true;
      else if (octet === CR) this.#cr = true;
      else {
        this.#release();
        return at;
      }
    }
    return at;
  }

  /** Takes octets as they are up to white space or a line end that may not stay; where that is. */
  #pass(bytes: Uint8Array, from: number): number {
    let at = from;
    for (; at < bytes.length; at += 1) {
      const octet = bytes[at] ?? 0;
      if (octet > SPACE) continue;
      if (octet === SPACE) {
        if ((bytes[at + 1] ?? 0) > SPACE) continue;
        this.#space = true;
        break;
      }
      if (octet === TAB) {
        this.#space = true;
        break;
      }
      if (octet !== CR) continue;
      if (bytes[at + 1] === LF && (bytes[at + 2] ?? 0) > SPACE) continue;
      this.#cr = true;
      break;
    }
    if (at > from) {
      this.#hasContent = true;
      this.#add(bytes.subarray(from, at));
    }
    return at + 1;
  }

  /** What was held counts, because content follows it. */
  #release(): void {
    for (; this.#lineEnds > 0; this.#lineEnds -= Math.min(this.#lineEnds, EMPTY_LINES.length / 2))
      this.#add(EMPTY_LINES.subarray(0, this.#lineEnds * 2));
    if (this.#space) this.#add(SPACE_OCTET);
    this.#space = false;
  }

  /** A CR alone is an octet like others. */
  #resolveCr(): void {
    this.#cr = false;
    this.#release();
    this.#hasContent = true;
    this.#add(CR_OCTET);
  }

  #add(piece: Uint8Array): void {
    if (piece.length >= GATHERED_BELOW) {
      this.#flush();
      this.#hash.update(piece);
      return;
    }
    this.#gathered ??= Buffer.allocUnsafe(GATHER_OCTETS);
    if (this.#gatheredOctets + piece.length > GATHER_OCTETS) this.#flush();
    this.#gathered.set(piece, this.#gatheredOctets);
    this.#gatheredOctets += piece.length;
  }

  #flush(): void {
    if (this.#gathered === undefined || this.#gatheredOctets === 0) return;
    this.#hash.update(this.#gathered.subarray(0, this.#gatheredOctets));
    this.#gatheredOctets = 0;
  }
}
