// A field whose text has to be encoded, as pieces, and laid out in lines: a line with an encoded word has at most 76 octets (RFC 2047
// section 2) where there is a place to fold. Folds that were there stay.

import { encodeWords, WORD_MAX, WORD_MIN } from './encode-words.ts';

export type Piece =
  /** Blanks, perhaps with a fold. */
  | { readonly type: 'space'; readonly raw: string }
  /** Goes out as it stands; nothing in it may be folded. */
  | { readonly type: 'raw'; readonly raw: string }
  /** To be encoded; `tight`: within a comment, where a parenthesis may touch it. */
  | { readonly type: 'text'; readonly text: string; readonly tight?: true };

/** One word of a text and the blanks in front of it. */
export interface Word {
  readonly space: string;
  readonly raw: string;
  /** What it says: a quoted string without its quotes. */
  readonly text: string;
}

const LINE_MAX = 76;
const encodedWord = /^=\?[^?\s]+\?[bq]\?[^?\s]*\?=$/i;

const nonAscii = /[^\x00-\x7f]/;

function isAsciiWord({ text }: Word): boolean {
  return !nonAscii.test(text);
}

const separators = /(?:\r\n|[ \t])+|[\r\n]/y;

/** Text as words and the blanks at its end. `word`: sticky, what one is made of. */
export function wordsOf(
  text: string,
  word: RegExp,
): { readonly words: readonly Word[]; readonly end: string } {
  const words: Word[] = [];
  let space = '';
  let at = 0;
  while (at < text.length) {
    separators.lastIndex = at;
    word.lastIndex = at;
    const blank = separators.exec(text)?.[0];
    const raw = blank ?? word.exec(text)?.[0] ?? text.charAt(at);
    if (blank === undefined) {
      words.push({ space, raw, text: raw });
      space = '';
    } else space += blank;
    at += raw.length;
  }
  return { words, end: space };
}

/**
 * From the first word that is not ASCII to the last one becomes one text. Encoded words that are there already stay; blanks beside them
 * belong to the text, because readers don't show what stands between two encoded words.
 */
export function textPieces(words: readonly Word[], tight?: true): readonly Piece[] {
  const pieces: Piece[] = [];
  let run: Word[] = [];
  let isAfterEncoded = false;
  const flush = (isBeforeEncoded: boolean): void => {
    pieces.push(...runPieces(run, { isAfterEncoded, isBeforeEncoded }, tight));
    run = [];
  };
  for (const word of words) {
    if (!encodedWord.test(word.raw)) run.push(word);
    else {
      flush(true);
      pieces.push(...rawPieces([word]));
      isAfterEncoded = true;
    }
  }
  flush(false);
  return pieces;
}

function runPieces(
  run: readonly Word[],
  beside: { readonly isAfterEncoded: boolean; readonly isBeforeEncoded: boolean },
  tight?: true,
): readonly Piece[] {
  const first = run.findIndex((word) => !isAsciiWord(word));
  if (first < 0) return rawPieces(run);
  const end = run.findLastIndex((word) => !isAsciiWord(word)) + 1;
  const said = run
    .slice(first, end)
    .map(({ space, text }, at) => (at === 0 ? text : `${unfolded(space)}${text}`))
    .join('');
  const before = beside.isAfterEncoded && first === 0 ? ' ' : '';
  const behind = beside.isBeforeEncoded && end === run.length ? ' ' : '';
  return [
    ...rawPieces(run.slice(0, first)),
    { type: 'space', raw: run[first]?.space ?? '' },
    { type: 'text', text: `${before}${said}${behind}`, ...(tight === undefined ? {} : { tight }) },
    ...rawPieces(run.slice(end)),
  ];
}

function rawPieces(words: readonly Word[]): readonly Piece[] {
  return words.flatMap(({ space, raw }) => [
    { type: 'space', raw: space },
    { type: 'raw', raw },
  ]);
}

function unfolded(space: string): string {
  return space.replaceAll('\r\n', '');
}

/** The whole field, final CRLF included. */
export function layOut(name: string, pieces: readonly Piece[]): string {
  const lines = new Lines(`${name}:`);
  for (const [at, piece] of pieces.entries()) {
    if (piece.type === 'space') lines.space(piece.raw);
    else if (piece.type === 'raw') lines.raw(piece.raw);
    else {
      const previous = pieces[at - 1];
      if (piece.tight === undefined && (previous?.type !== 'space' || previous.raw === '')) lines.space(' ');
      lines.text(piece.text);
      const next = pieces[at + 1];
      const touches = next !== undefined && (next.type !== 'space' || next.raw === '');
      if (piece.tight === undefined && touches) lines.space(' ');
    }
  }
  return lines.end();
}

class Lines {
  #out: string;
  #column: number;
  #space = '';
  readonly #start: number;

  constructor(head: string) {
    this.#out = head;
    this.#column = head.length;
    this.#start = head.length;
  }

  space(raw: string): void {
    this.#space += raw;
  }

  raw(raw: string): void {
    if (this.#column + this.#space.length + raw.length > LINE_MAX) this.#fold();
    this.#put(raw);
  }

  text(text: string): void {
    if (WORD_MAX + 1 - this.#column - this.#space.length < WORD_MIN) this.#fold();
    const room = WORD_MAX + 1 - this.#column - unfolded(this.#space).length;
    for (const [at, word] of encodeWords(text, room < WORD_MIN ? WORD_MAX : room).entries()) {
      if (at > 0) {
        this.#space = ' ';
        this.#fold();
      }
      this.#put(word);
    }
  }

  end(): string {
    return `${this.#out}${this.#space}\r\n`;
  }

  /** Before the blanks that wait, if there are some; not right after the name, where a line would be empty to some. */
  #fold(): void {
    if (this.#space === '' || this.#space.includes('\r\n') || this.#column <= this.#start) return;
    this.#space = `\r\n${this.#space}`;
  }

  #put(text: string): void {
    const written = `${this.#space}${text}`;
    this.#out += written;
    const lineStart = written.lastIndexOf('\n') + 1;
    this.#column = lineStart > 0 ? written.length - lineStart : this.#column + written.length;
    this.#space = '';
  }
}
