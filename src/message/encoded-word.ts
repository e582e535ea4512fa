// Encoded words (RFC 2047) as a forgiving reader would show them. Only for judging what a display name says; nothing is ever
// rewritten by it. Forgiving on purpose: many readers take spaces, `?` and UTF-8 inside a word, unknown charsets, and letters that
// are cut between two words.

import { latin1, octetString, utf8 } from '../base/bytes.ts';

const opening = /=\?([^?=\s]{1,80})\?([QqBb])\?/g;

interface Word {
  readonly start: number;
  readonly end: number;
  readonly charset: string;
  /** One character an octet. */
  readonly octets: string;
  /** What a strict reader leaves as it stands; undefined if it doesn't. */
  readonly left: string | undefined;
}

export function decodeEncodedWords(text: string): string {
  if (!text.includes('=?')) return text;
  const shown: string[] = [];
  let charset = '';
  let run: string[] = [];
  let at = 0;
  const flush = (): void => {
    if (run.length > 0) shown.push(decode(charset, run.join('')));
    run = [];
  };
  for (const word of wordsOf(text)) {
    // White space between two encoded words is not shown; pieces of one charset are one text.
    const between = text.slice(at, word.start);
    const joins = run.length > 0 && /^[ \t]*$/.test(between);
    if (!joins || word.charset !== charset) flush();
    if (!joins) shown.push(between);
    if (word.left !== undefined) shown.push(` ${word.left} `);
    run.push(word.octets);
    charset = word.charset;
    at = word.end;
  }
  flush();
  shown.push(text.slice(at));
  return shown.join('');
}

/** A word ends before the next one begins: the work is linear, and no word hides another. */
function* wordsOf(text: string): Generator<Word> {
  const openings = [...text.matchAll(opening)];
  for (const [at, { index, 0: head, 1: charset = '', 2: encoding = '' }] of openings.entries()) {
    const from = index + head.length;
    // The end of one and the beginning of the next may share a letter: `?=?`.
    const room = text.slice(from, (openings[at + 1]?.index ?? text.length) + 1);
    const length = room.indexOf('?=');
    if (length >= 0) yield wordOf(index, from, charset, encoding, room.slice(0, length));
  }
}

function wordOf(start: number, from: number, charset: string, encoding: string, encoded: string): Word {
  const isBase64 = encoding.toUpperCase() === 'B';
  const isStrict = isBase64 ? /^[A-Za-z0-9+/=]*$/.test(encoded) : /^[!->@-~]*$/.test(encoded);
  return {
    start,
    end: from + encoded.length + 2,
    charset: charset.toLowerCase(),
    octets: isBase64
      ? octetString(Buffer.from(encoded, 'base64'))
      : decodeQ(isStrict ? encoded : octetString(utf8(encoded))),
    left: isStrict ? undefined : encoded,
  };
}

function decodeQ(octets: string): string {
  if (!/[_=]/.test(octets)) return octets;
  const spaced = octets.replaceAll('_', ' ');
  return spaced.replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function decode(charset: string, octets: string): string {
  // RFC 2231 section 5: a language may stand behind the charset.
  const [name = ''] = charset.split('*');
  if (/^(?:utf-?(?:16|32)|ucs-?[24]|iso-10646|unicode$)/.test(name)) return withoutOrder(octets);
  if (/utf-?7$/.test(name)) return decodeUtf7(octets);
  try {
    return new TextDecoder(name).decode(latin1(octets));
  } catch {
    return octets;
  }
}

/** Whatever the order of the octets: plain letters are what is left without zeros and byte order marks. */
function withoutOrder(octets: string): string {
  return octets.replaceAll(/[\0\u00fe\u00ff]/g, '');
}

function decodeUtf7(octets: string): string {
  return octets.replaceAll(/\+([A-Za-z0-9+/]*)-?/g, (_, encoded: string) =>
    encoded === '' ? '+' : withoutOrder(octetString(Buffer.from(encoded, 'base64'))),
  );
}
