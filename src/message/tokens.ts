// A structured field cut into its tokens (RFC 5322 section 3.2), forgiving and octet-exact: the tokens together are the text. For what is not judged
// by it; who sends is judged by `address-list.ts`. Linear, without recursion.

type TokenType = 'space' | 'comment' | 'word' | 'angle' | 'literal' | 'special';

export interface Token {
  readonly type: TokenType;
  readonly raw: string;
  /** Of a word: what it says. */
  readonly text: string;
}

/** In the order in which they are tried; the comment is read by hand, because it nests. */
const forms: readonly (readonly [TokenType, RegExp])[] = [
  ['space', /(?:\r\n|[ \t])+/y],
  ['word', /"(?:[^"\\]|\\[^])*"/y],
  ['angle', /<(?:[^<>"\\]|"(?:[^"\\]|\\[^])*"|\\[^])*>/y],
  ['literal', /\[(?:[^[\]\\]|\\[^])*\]/y],
  ['word', /[^ \t\r\n"()<>[\],:;@\\]+/y],
  ['special', /[^"<[]/y],
];

export function* tokensOf(value: string): Generator<Token> {
  let at = 0;
  while (at < value.length) {
    const token = value[at] === '(' ? commentAt(value, at) : tokenAt(value, at);
    yield token;
    at += token.raw.length;
  }
}

function tokenAt(value: string, at: number): Token {
  for (const [type, form] of forms) {
    form.lastIndex = at;
    const raw = form.exec(value)?.[0];
    if (raw !== undefined) return { type, raw, text: unquoted(raw) };
  }
  return unclosed(value, at);
}

function unquoted(raw: string): string {
  if (!raw.startsWith('"')) return raw;
  return raw
    .slice(1, -1)
    .replaceAll('\r\n', '')
    .replaceAll(/\\([^])/g, '$1');
}

/** Nested ones within. */
function commentAt(value: string, from: number): Token {
  const parts = /[()]|\\[^]|[^()\\]+|\\$/gy;
  parts.lastIndex = from;
  let depth = 0;
  for (let part = parts.exec(value); part !== null; part = parts.exec(value)) {
    if (part[0] === '(') depth += 1;
    else if (part[0] === ')') depth -= 1;
    if (depth === 0) return { type: 'comment', raw: value.slice(from, parts.lastIndex), text: '' };
  }
  return unclosed(value, from);
}

/** What is opened and not closed takes the rest along: nobody can tell what it is, and looking for the end again and again would take for ever. */
function unclosed(value: string, from: number): Token {
  return { type: 'special', raw: value.slice(from), text: '' };
}
