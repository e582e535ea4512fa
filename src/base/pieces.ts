// Octets that come in pieces, kept until they are asked for. Small pieces are copied together: a hundred thousand of one octet each
// must not cost as many objects, nor keep the large buffers alive that they were cut from. Large ones are kept by reference, and so is
// what is most of its buffer.

const COPIED_BELOW = 4096;
const ALWAYS_COPIED_BELOW = 1024;
const BLOCK_MIN = 1024;
const BLOCK_MAX = 65_536;

const none = new Uint8Array(0);

export class Pieces {
  #chunks: Uint8Array[] = [];
  #block = none;
  /** Where the last chunk begins in the block, and where the block is free; equal: the last chunk is not in the block. */
  #from = 0;
  #used = 0;

  /** These octets as they are kept: who needs them again should not hold the buffer that they came in. */
  push(bytes: Uint8Array): Uint8Array {
    if (bytes.length === 0) return none;
    if (isKept(bytes)) {
      this.#chunks.push(bytes);
      this.#from = this.#used;
      return bytes;
    }
    if (this.#used + bytes.length > this.#block.length) this.#newBlock(bytes.length);
    if (this.#from < this.#used) this.#chunks.pop();
    this.#block.set(bytes, this.#used);
    this.#used += bytes.length;
    this.#chunks.push(this.#block.subarray(this.#from, this.#used));
    return this.#block.subarray(this.#used - bytes.length, this.#used);
  }

  #newBlock(least: number): void {
    this.#block = new Uint8Array(
      Math.max(least, Math.min(BLOCK_MAX, Math.max(BLOCK_MIN, 2 * this.#block.length))),
    );
    this.#from = 0;
    this.#used = 0;
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** All of them in order; none are left. */
  take(): Uint8Array[] {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#from = this.#used;
    return chunks;
  }
}

function isKept({ length, buffer }: Uint8Array): boolean {
  return length >= COPIED_BELOW || (length >= ALWAYS_COPIED_BELOW && 2 * length >= buffer.byteLength);
}
