// Line endings made CRLF on the way to the wire (RFC 5321 section 2.3.8): a bare LF, as Unix programs write it, and a bare CR each end a line;
// a run of CRs, with or without an LF after it, is one line end. So nothing in a message can be taken for the end of it by any server (F-SMUG-1, C-ORD-15).

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
    // Into one buffer, large enough for line ends alone: a part for each line cost seconds where lines are short.
    const lines = new Uint8Array(2 * bytes.length + CRLF.length);
    let used = 0;
    const endLine = (): void => {
      lines[used] = CR;
      lines[used + 1] = LF;
      used += CRLF.length;
      this.#atLineStart = true;
      this.#afterCr = false;
    };
    for (let at = 0; at < bytes.length; at += 1) {
      const octet = bytes[at];
      if (octet === CR) this.#afterCr = true;
      else if (octet === LF) endLine();
      else {
        // CRs that no LF followed.
        if (this.#afterCr) endLine();
        const end = textEnd(bytes, at);
        copy(bytes, at, end, lines, used);
        used += end - at;
        this.#atLineStart = false;
        at = end - 1;
      }
    }
    return lines.subarray(0, used);
  }

  /** What was held back, and an end for the last line. */
  end(): Uint8Array {
    const isOpen = this.#afterCr || !this.#atLineStart;
    this.#afterCr = false;
    this.#atLineStart = true;
    return isOpen ? CRLF : none;
  }
}

function textEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== LF && bytes[at] !== CR) at += 1;
  return at;
}

/** Below, a call costs more than the octets. */
const CALLED_FROM = 24;

function copy(from: Uint8Array, at: number, end: number, to: Uint8Array, target: number): void {
  if (end - at >= CALLED_FROM) to.set(from.subarray(at, end), target);
  else for (let next = at; next < end; next += 1) to[target + next - at] = from[next] ?? 0;
}
