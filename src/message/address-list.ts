// Address lists of header fields (RFC 5322 section 3.4), read strictly and in one pass: none of the obsolete forms that two programs read
// differently (routes, empty members, comments or white space inside an address) is an address here. Linear, without recursion.

import { err, ok, type Result } from '../base/result.ts';
import { mailboxText, parseMailbox } from '../protocol/wire/mailbox.ts';
import { readEncodedWords } from './encoded-word.ts';

export interface ListedMailbox {
  /** Least quoted spelling. */
  readonly address: string;
  /** Decoded phrase and comments: many readers show both. */
  readonly displayName: string;
  /** Absent: all readers see the same name (`encoded-word.ts`). */
  readonly isNameUnsure?: true;
}

export interface AddressList {
  readonly mailboxes: readonly ListedMailbox[];
  readonly hasGroup: boolean;
  /**
   * A comment in a comment or with a quoted pair, or such a pair in quotes that hold an `@`: who reads comments to their first parenthesis, or
   * quotes to their first mark, sees another address (`((x)ceo@bank.example,) alice@example.org`).
   */
  readonly isReadTwoWays: boolean;
}

export interface AddressProblem {
  readonly problem: 'syntax' | 'unqualified' | 'tooMany';
  /** The address or the place, for the reply; ASCII is not guaranteed. */
  readonly detail: string;
}

export const ADDRESSES_MAX = 10_000;
const COMMENT_DEPTH_MAX = 50;

type Token =
  | { readonly type: 'atom' | 'quoted' | 'literal'; readonly text: string; readonly spaceBefore: boolean }
  | { readonly type: 'special'; readonly text: string; readonly spaceBefore: boolean };

interface Tokens {
  readonly tokens: readonly Token[];
  /** Comments by the index of the token they precede. */
  readonly comments: ReadonlyMap<number, string>;
  readonly isReadTwoWays: boolean;
}

const atomText = /[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~\u0080-\u{10ffff}]+/uy;

function tokenize(text: string): Tokens | undefined {
  const tokens: Token[] = [];
  const comments = new Map<number, string>();
  let at = 0;
  let spaceBefore = false;
  let isReadTwoWays = false;
  const push = (type: Token['type'], value: string): void => {
    tokens.push({ type, text: value, spaceBefore });
    spaceBefore = false;
  };
  while (at < text.length) {
    const letter = text.charAt(at);
    if (letter === ' ' || letter === '\t') {
      spaceBefore = true;
      at += 1;
    } else if (letter === '(') {
      const comment = readComment(text, at);
      if (comment === undefined) return undefined;
      isReadTwoWays ||= text.slice(at, comment.end).slice(1, -1) !== comment.value;
      comments.set(tokens.length, `${comments.get(tokens.length) ?? ''}${comment.value}`);
      at = comment.end;
      spaceBefore = true;
    } else if (letter === '"') {
      const quoted = readQuoted(text, at);
      if (quoted === undefined) return undefined;
      isReadTwoWays ||= /["\\]/.test(quoted.value) && quoted.value.includes('@');
      push('quoted', quoted.value);
      at = quoted.end;
    } else if (letter === '[') {
      const end = text.indexOf(']', at);
      if (end < 0) return undefined;
      push('literal', text.slice(at, end + 1));
      at = end + 1;
    } else if ('<>@,;:.'.includes(letter)) {
      push('special', letter);
      at += 1;
    } else {
      atomText.lastIndex = at;
      const atom = atomText.exec(text)?.[0];
      if (atom === undefined) return undefined;
      push('atom', atom);
      at += atom.length;
    }
  }
  return { tokens, comments, isReadTwoWays };
}

interface Read {
  readonly value: string;
  readonly end: number;
}

function readQuoted(text: string, from: number): Read | undefined {
  const parts: string[] = [];
  for (let at = from + 1; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '"') return { value: parts.join(''), end: at + 1 };
    if (letter === '\\') at += 1;
    const kept = letter === '\\' ? text.charAt(at) : letter;
    if (isControl(kept)) return undefined;
    parts.push(kept);
  }
  return undefined;
}

function readComment(text: string, from: number): Read | undefined {
  const parts: string[] = [];
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '\\') {
      at += 1;
      parts.push(text.charAt(at));
    } else if (letter === '(') {
      depth += 1;
      if (depth > COMMENT_DEPTH_MAX) return undefined;
    } else if (letter === ')') {
      depth -= 1;
      if (depth === 0) return { value: parts.join(''), end: at + 1 };
    } else if (isControl(letter)) return undefined;
    else parts.push(letter);
  }
  return undefined;
}

function isControl(letter: string): boolean {
  const code = letter.charCodeAt(0);
  return letter === '' || (code < 32 && code !== 9) || code === 127;
}

/** `value`: unfolded. An empty list is none; whether that is allowed is the caller's to say. */
export function parseAddressList(value: string): Result<AddressList, AddressProblem> {
  const read = tokenize(value);
  if (read === undefined) return err({ problem: 'syntax', detail: 'unreadable address list' });
  return new ListReader(read).read();
}

class ListReader {
  readonly #tokens: readonly Token[];
  readonly #comments: ReadonlyMap<number, string>;
  #at = 0;
  #inGroup = false;
  #hasGroup = false;
  readonly #isReadTwoWays: boolean;
  readonly #mailboxes: ListedMailbox[] = [];

  constructor({ tokens, comments, isReadTwoWays }: Tokens) {
    this.#isReadTwoWays = isReadTwoWays;
    this.#tokens = tokens;
    this.#comments = comments;
  }

  read(): Result<AddressList, AddressProblem> {
    while (this.#at < this.#tokens.length) {
      const problem = this.#member() ?? this.#separator();
      if (problem !== undefined) return err(problem);
      if (this.#mailboxes.length > ADDRESSES_MAX)
        return err({ problem: 'tooMany', detail: `more than ${ADDRESSES_MAX} addresses` });
    }
    if (this.#inGroup) return err({ problem: 'syntax', detail: 'a group without end' });
    return ok({
      mailboxes: this.#mailboxes,
      hasGroup: this.#hasGroup,
      isReadTwoWays: this.#isReadTwoWays,
    });
  }

  /** A mailbox, or the opening of a group, or the end of one. */
  #member(): AddressProblem | undefined {
    const from = this.#at;
    while (this.#at < this.#tokens.length && !this.#isSpecial(',;:<')) this.#at += 1;
    const next = this.#tokens[this.#at];
    if (next?.type === 'special' && next.text === ':') return this.#openGroup(from);
    if (next?.type === 'special' && next.text === '<') return this.#angle(from);
    if (this.#at === from) {
      const endsGroup = this.#inGroup && next?.type === 'special' && next.text === ';';
      return endsGroup ? undefined : { problem: 'syntax', detail: 'an empty place in the list' };
    }
    return this.#add(from, this.#at, this.#commentsBetween(from, this.#at + 1));
  }

  #isSpecial(oneOf: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.type === 'special' && oneOf.includes(token.text);
  }

  #openGroup(from: number): AddressProblem | undefined {
    if (this.#inGroup || this.#at === from || !this.#isPhrase(from, this.#at))
      return { problem: 'syntax', detail: 'a misplaced colon' };
    this.#inGroup = true;
    this.#hasGroup = true;
    this.#at += 1;
    // What follows is a member of the group, or its end.
    return this.#isSpecial(';') ? undefined : this.#member();
  }

  #angle(from: number): AddressProblem | undefined {
    const open = this.#at;
    if (!this.#isPhrase(from, open)) return { problem: 'syntax', detail: 'an unreadable display name' };
    while (this.#at < this.#tokens.length && !this.#isSpecial('>')) this.#at += 1;
    const close = this.#at;
    this.#at += 1;
    if (close >= this.#tokens.length)
      return { problem: 'syntax', detail: 'an address without closing bracket' };
    // Comments are shown by nobody here, and a reader might take them for the address.
    for (let at = open + 1; at <= close; at += 1) {
      if (this.#comments.has(at)) return { problem: 'syntax', detail: 'a comment inside an address' };
    }
    // Nothing is put between tokens that touch: an encoded word is cut by its dots here.
    const phrase = this.#tokens
      .slice(from, open)
      .map(({ text, spaceBefore }) => (spaceBefore ? ` ${text}` : text));
    return this.#add(
      open + 1,
      close,
      `${phrase.join('')} ${this.#commentsBetween(from, this.#at + 1)}`.trim(),
    );
  }

  #commentsBetween(from: number, end: number): string {
    let text = '';
    for (let at = from; at < end; at += 1) text += this.#comments.get(at) ?? '';
    return text;
  }

  /** Words, and dots as people write them in names (`John Q. Public`). */
  #isPhrase(from: number, end: number): boolean {
    return this.#tokens
      .slice(from, end)
      .every(
        ({ type, text }, at) =>
          type === 'atom' || type === 'quoted' || (at > 0 && type === 'special' && text === '.'),
      );
  }

  /** The tokens as one addr-spec: nothing may stand between them. */
  #add(from: number, end: number, shown: string): AddressProblem | undefined {
    const tokens = this.#tokens.slice(from, end);
    const text = tokens
      .map(({ type, text: value }) => (type === 'quoted' ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : value))
      .join('');
    if (tokens.slice(1).some(({ spaceBefore }) => spaceBefore)) return { problem: 'syntax', detail: text };
    const mailbox = parseMailbox(text);
    if (!mailbox.ok)
      return { problem: mailbox.error === 'unqualified' ? 'unqualified' : 'syntax', detail: text };
    // An encoded word is no address nor a part of one, whatever it decodes to: who decodes first sees another (F-FROM-5).
    if (/=\?.*\?=/.test(mailbox.value.localPart)) return { problem: 'syntax', detail: text };
    const name = readEncodedWords(shown);
    this.#mailboxes.push({
      ...{ address: mailboxText(mailbox.value), displayName: name.text },
      ...(name.isCertain ? {} : { isNameUnsure: true }),
    });
    return undefined;
  }

  /** `,` between members, `;` at the end of a group. */
  #separator(): AddressProblem | undefined {
    if (this.#inGroup && this.#isSpecial(';')) {
      this.#inGroup = false;
      this.#at += 1;
    }
    if (this.#at >= this.#tokens.length) return undefined;
    if (!this.#isSpecial(',')) return { problem: 'syntax', detail: 'no comma between addresses' };
    this.#at += 1;
    return this.#at < this.#tokens.length
      ? undefined
      : { problem: 'syntax', detail: 'an empty place in the list' };
  }
}
