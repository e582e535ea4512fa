// The octets of one BDAT chunk (RFC 3030): exactly as many as were announced, whatever they are. What DATA refuses, a chunk may
// not carry either: the line watch goes on from chunk to chunk (F-SMUG-2).

import type { InputBuffer } from './input-buffer.ts';
import { type ContentFlaw, LineWatch, type LongLines } from './data-framing.ts';

export class ChunkFraming {
  readonly #watch: LineWatch;
  #left = 0;
  #hasDotLines = false;

  constructor(longLines: LongLines) {
    this.#watch = new LineWatch(longLines);
  }

  /** Begins a chunk of this many octets. */
  begin(octets: number): void {
    this.#left = octets;
  }

  get left(): number {
    return this.#left;
  }

  /** A message ends after CRLF; one that ends in CR or in the middle of a line is told by the caller. */
  get endsInLine(): boolean {
    return !this.#watch.atLineStart;
  }

  get endsAfterCr(): boolean {
    return this.#watch.afterCr;
  }

  /** A line of the content begins with a dot. */
  get hasDotLines(): boolean {
    return this.#hasDotLines;
  }

  get flaw(): ContentFlaw | undefined {
    return this.#watch.flaw;
  }

  take(input: InputBuffer): Uint8Array {
    const bytes = input.takeOctets(this.#left);
    this.#left -= bytes.length;
    if (this.#watch.watch(bytes)) this.#hasDotLines = true;
    return bytes;
  }
}
