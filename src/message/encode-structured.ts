// The pieces of a structured field: phrases (display names, names of groups) and comments may be encoded, everything else stays as it stands and must
// be ASCII. More forgiving than `address-list.ts`, which judges the list as it leaves.

import { type Piece, textPieces, type Word, wordsOf } from './encode-layout.ts';
import { type Token, tokensOf } from './tokens.ts';

const nonAscii = /[^\x00-\x7f]/;
/** Undefined: something outside phrases and comments is not ASCII. */
export function addressPieces(value: string): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  let member: Token[] = [];
  for (const token of tokensOf(value)) {
    const ends = token.type === 'special' && ',:;'.includes(token.raw);
    if (!ends) member.push(token);
    else {
      const ended = memberPieces(member);
      if (ended === undefined) return undefined;
      pieces.push(...ended, { type: 'raw', raw: token.raw });
      member = [];
    }
  }
  const last = memberPieces(member);
  return last === undefined ? undefined : [...pieces, ...last];
}

/** Undefined: something outside comments is not ASCII. */
export function commentedPieces(value: string): readonly Piece[] | undefined {
  return plainPieces([...tokensOf(value)]);
}

/** A mailbox, or a phrase alone: the name of a group, or the words of a careless program. */
function memberPieces(member: readonly Token[]): readonly Piece[] | undefined {
  const hasAngle = member.some(({ type }) => type === 'angle');
  const hasAt = member.some(({ type, raw }) => type === 'special' && raw === '@');
  if (!hasAngle && hasAt) return plainPieces(member);
  const pieces: Piece[] = [];
  let words: Word[] = [];
  let space = '';
  const flush = (): void => {
    pieces.push(...textPieces(words));
    if (space !== '') pieces.push({ type: 'space', raw: space });
    [words, space] = [[], ''];
  };
  for (const token of member) {
    if (token.type === 'space') space += token.raw;
    else if (token.type === 'word') {
      const touched = space === '' ? words.at(-1) : undefined;
      const word = { space: touched?.space ?? space, raw: `${touched?.raw ?? ''}${token.raw}` };
      words.splice(touched === undefined ? words.length : -1, 1, {
        ...word,
        text: `${touched?.text ?? ''}${token.text}`,
      });
      space = '';
    } else {
      flush();
      const plain = plainPieces([token]);
      if (plain === undefined) return undefined;
      pieces.push(...plain);
    }
  }
  flush();
  return pieces;
}

function plainPieces(tokens: readonly Token[]): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  for (const { type, raw } of tokens) {
    if (type === 'space') pieces.push({ type, raw });
    else if (type === 'comment' && nonAscii.test(raw)) pieces.push(...commentPieces(raw));
    else if (nonAscii.test(raw)) return undefined;
    else pieces.push({ type: 'raw', raw });
  }
  return pieces;
}

/** Texts between parentheses; quoted pairs of what is encoded say what they quote. */
function commentPieces(raw: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const [part] of raw.matchAll(/[()]|(?:[^()\\]|\\[^])+/g)) {
    if (part === '(' || part === ')') pieces.push({ type: 'raw', raw: part });
    else pieces.push(...commentText(part));
  }
  return pieces;
}

function commentText(part: string): readonly Piece[] {
  const { words, end } = wordsOf(part, /(?:[^ \t\r\n\\]|\\[^])+/y);
  const said = words.map((word) => ({ ...word, text: word.raw.replaceAll(/\\([^])/g, '$1') }));
  return [...textPieces(said, true), ...(end === '' ? [] : [{ type: 'space', raw: end } as const])];
}
