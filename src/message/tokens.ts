// A structured field cut into its tokens (RFC 5322 section 3.2), forgiving and octet-exact: the tokens together are the text. For fields that decide
// nothing; senders are judged by `address-list.ts`. Linear, without recursion.

type TokenType = 'space' | 'comment' | 'word' | 'angle' | 'literal' | 'special';

export interface Token {
  readonly type: TokenType;
  readonly raw: string;
  /** Only for a word: its text without quoting. */
  readonly text: string;
}

interface Form {
  readonly type: TokenType;
  readonly pattern: RegExp;
}

/** By the sign that opens it; a comment is read by hand, because it nests. */
const opened: ReadonlyMap<string, Form> = new Map([
  ['"', { type: 'word', pattern: /"(?:[^"\\]|\\[^])*"/y }],
  ['<', { type: 'angle', pattern: /<(?:[^<>"\\]|"(?:[^"\\]|\\[^])*"|\\[^])*>/y }],
  ['[', { type: 'literal', pattern: /\[(?:[^[\]\\]|\\[^])*\]/y }],
]);
const space: Form = { type: 'space', pattern: /(?:\r\n|[ \t])+/y };
const word: Form = { type: 'word', pattern: /[^ \t\r\n"()<>[\],:;@\\]+/y };

export function* tokensOf(value: string): Generator<Token> {
  let at = 0;
  while (at < value.length) {
    const token = value[at] === '(' ? commentAt(value, at) : tokenAt(value, at);
    yield token;
    at += token.raw.length;
  }
}

function tokenAt(value: string, at: number): Token {
  const letter = value.charAt(at);
  const form = opened.get(letter);
  if (form !== undefined) return matched(form, value, at) ?? unclosed(value, at);
  const isSpace = letter === ' ' || letter === '\t' || letter === '\r';
  return matched(isSpace ? space : word, value, at) ?? { type: 'special', raw: letter, text: letter };
}

function matched({ type, pattern }: Form, value: string, at: number): Token | undefined {
  pattern.lastIndex = at;
  const raw = pattern.exec(value)?.[0];
  return raw === undefined ? undefined : { type, raw, text: unquoted(raw) };
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

/** An opening without its end takes the rest of the text: searching for the end again and again would take quadratic time. */
function unclosed(value: string, from: number): Token {
  return { type: 'special', raw: value.slice(from), text: '' };
}
