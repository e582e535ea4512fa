// Replies of a server, read safely (F-TX-8, E-D-4): bounded lines, bounded multi-line replies, one code each. What is kept of the words
// is printable ASCII and short.

import { octetString } from '../../base/bytes.ts';

export interface RemoteReply {
  readonly code: number;
  /** `c.s.d` as the server said it, or made of the code. */
  readonly status: string;
  readonly lines: readonly string[];
  /** One line for log, trail and reports. */
  readonly text: string;
}

const LINE_OCTETS_MAX = 2048;
const LINES_MAX = 200;
const TEXT_MAX = 1000;

export class ReplyReader {
  #held = '';
  #lines: string[] = [];
  #code = 0;

  /** Octets that no complete reply has used up. */
  get pending(): boolean {
    return this.#held.length > 0 || this.#lines.length > 0;
  }

  /** Complete replies in order, or what is wrong with the stream. */
  push(bytes: Uint8Array): { readonly replies: readonly RemoteReply[]; readonly broken?: string } {
    const replies: RemoteReply[] = [];
    const text = this.#held + octetString(bytes);
    let from = 0;
    for (let lf = text.indexOf('\n'); lf >= 0; lf = text.indexOf('\n', from)) {
      const end = lf > from && text[lf - 1] === '\r' ? lf - 1 : lf;
      const broken = this.#line(text.slice(from, Math.min(end, from + LINE_OCTETS_MAX)), replies);
      from = lf + 1;
      if (broken !== undefined) return { replies, broken };
    }
    this.#held = text.slice(from);
    return text.length - from > LINE_OCTETS_MAX
      ? { replies, broken: 'a reply line without end' }
      : { replies };
  }

  #line(line: string, replies: RemoteReply[]): string | undefined {
    const match = /^([2-5][0-9]{2})(?:([ -])(.*))?$/s.exec(line);
    if (match === null) return 'a line that is no reply';
    const code = Number(match[1]);
    if (this.#lines.length > 0 && code !== this.#code) return 'a reply with two codes';
    this.#code = code;
    this.#lines.push(clean(match[3] ?? ''));
    if (this.#lines.length > LINES_MAX) return 'a reply without end';
    if (match[2] === '-') return undefined;
    replies.push(toReply(code, this.#lines));
    this.#lines = [];
    return undefined;
  }
}

function clean(words: string): string {
  return /[^\x20-\x7e]/.test(words) ? words.replaceAll(/[^\x20-\x7e]/g, '?') : words;
}

function toReply(code: number, lines: readonly string[]): RemoteReply {
  const enhanced = /^([245]\.\d{1,3}\.\d{1,3})(?: |$)/.exec(lines[0] ?? '')?.[1];
  const kind = Math.floor(code / 100);
  const status = enhanced !== undefined && Number(enhanced[0]) === kind ? enhanced : `${kind}.0.0`;
  return { code, status, lines, text: `${code} ${lines.join(' ')}`.slice(0, TEXT_MAX) };
}
