// Encoded words (RFC 2047) as a forgiving reader would show them. Only for judging what a display name says; nothing is ever
// rewritten by it. Forgiving on purpose: many readers take spaces, `?` and UTF-8 inside a word, unknown charsets, and letters that
// are cut between two words. Which charsets readers know is a list without end (Python's, ICU's and iconv's aliases): so it is also told
// whether all of them read the same, which they do where a word is well formed and of a charset that everybody decodes alike.

import { latin1, octetString, utf8, utf8Text } from '../base/bytes.ts';
import { isAsciiText } from '../protocol/wire/mailbox.ts';

const opening = /=\?([^?=\s]+)\?([QqBb])\?/g;

interface Word {
  readonly start: number;
  readonly end: number;
  readonly charset: string;
  /** One character an octet. */
  readonly octets: string;
  /** What a strict reader leaves as it stands; undefined if it doesn't. */
  readonly left: string | undefined;
  /** No two readers take it for different octets. */
  readonly isCertain: boolean;
}

export interface ReadText {
  readonly text: string;
  /** No reader can see anything else in it. */
  readonly isCertain: boolean;
}

export function readEncodedWords(text: string): ReadText {
  if (!text.includes('=?')) return { text, isCertain: true };
  const shown: string[] = [];
  let charset = '';
  let run: string[] = [];
  let at = 0;
  let isCertain = true;
  const plain = (part: string): void => {
    shown.push(part);
    isCertain &&= !/=\?|\?=/.test(part);
  };
  const flush = (): void => {
    if (run.length === 0) return;
    const decoded = decode(charset, run.join(''));
    shown.push(decoded.text);
    // An encoded word inside a decoded one is shown decoded by readers that decode twice.
    isCertain &&= decoded.isCertain && !decoded.text.includes('=?');
    run = [];
  };
  for (const word of wordsOf(text)) {
    // White space between two encoded words is not shown; pieces of one charset are one text.
    const between = text.slice(at, word.start);
    const joins = run.length > 0 && /^[ \t]*$/.test(between);
    if (!joins || word.charset !== charset) flush();
    if (!joins) plain(between);
    if (word.left !== undefined) shown.push(` ${word.left} `);
    run.push(word.octets);
    isCertain &&= word.isCertain && word.start >= at;
    charset = word.charset;
    at = word.end;
  }
  flush();
  plain(text.slice(at));
  return { text: shown.join(''), isCertain };
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
    // Blanks and raw letters in Q are shown as they stand or decoded, and nothing else; base64 with flaws is read in as many ways as there are readers.
    isCertain: isBase64
      ? /^[A-Za-z0-9+/]*={0,2}$/.test(encoded) && encoded.replace(/=+$/, '').length % 4 !== 1
      : !encoded.includes('?'),
  };
}

function decodeQ(octets: string): string {
  if (!/[_=]/.test(octets)) return octets;
  const spaced = octets.replaceAll('_', ' ');
  return spaced.replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** ASCII by one of its names, and private charsets: of octets above 127 each reader thinks something else. */
const vague = /ascii|x3\.4|646|367|^x-user/;

function decode(charset: string, octets: string): ReadText {
  // RFC 2231 section 5: a language may follow the charset.
  const [name = ''] = charset.split('*');
  const unsure = (text: string): ReadText => ({ text, isCertain: false });
  if (/^(?:utf-?(?:16|32)|ucs-?[24]|iso-10646|unicode$)/.test(name)) return unsure(withoutOrder(octets));
  if (/utf-?7$/.test(name)) return unsure(decodeUtf7(octets));
  try {
    const decoder = new TextDecoder(name);
    if (decoder.encoding.startsWith('utf-16')) return unsure(withoutOrder(octets));
    const text = decoder.decode(latin1(octets));
    const isPlain = isAsciiText(octets);
    // A reader may find UTF-8 although another charset is named.
    const found = isPlain || decoder.encoding === 'utf-8' ? undefined : utf8Text(latin1(octets));
    return {
      text: found === undefined ? text : `${text} ${found}`,
      // Another decoder may read what this one can't.
      isCertain: !text.includes('\ufffd') && (isPlain || !vague.test(name)),
    };
  } catch {
    return unsure(octets);
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
