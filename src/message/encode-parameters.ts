// Parameters of Content-Type and Content-Disposition whose value is not ASCII, in the form of RFC 2231: `filename*=UTF-8''St%C3%B6rung.pdf`,
// in parts if it is long.

import type { Piece } from './encode-layout.ts';

/** Octets of a value in one part: with name, number and charset a line stays under 76. */
const PART_MAX = 45;
const nonAscii = /[^\x00-\x7f]/;
const parameter =
  /^((?:\r\n|[ \t])*)([^\x00-\x20\x7f-\u{10ffff}()<>@,;:\\"/[\]?=*]{1,30})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[^])*)"|([^" \t\r\n;]+))([ \t]*)$/u;

/** Undefined: something besides the values is not ASCII, or can't be read. */
export function parameterPieces(value: string): readonly Piece[] | undefined {
  const pieces: Piece[] = [];
  for (const [at, segment] of segmentsOf(value).entries()) {
    if (at > 0) pieces.push({ type: 'raw', raw: ';' });
    if (!nonAscii.test(segment)) pieces.push(...plain(segment));
    else {
      const match = at === 0 ? null : parameter.exec(segment);
      if (match === null) return undefined;
      const [, space = '', name = '', quoted, token = '', end = ''] = match;
      const text = quoted === undefined ? token : quoted.replaceAll('\r\n', '').replaceAll(/\\([^])/g, '$1');
      pieces.push(...parts(name, text, space === '' ? ' ' : space));
      if (end !== '') pieces.push({ type: 'space', raw: end });
    }
  }
  return pieces;
}

function plain(segment: string): readonly Piece[] {
  const [space = ''] = /^(?:\r\n|[ \t])*/.exec(segment) ?? [];
  return [
    { type: 'space', raw: space },
    { type: 'raw', raw: segment.slice(space.length) },
  ];
}

/** At semicolons outside quotes. */
function segmentsOf(value: string): readonly string[] {
  const segments = [''];
  for (const [part] of value.matchAll(/"(?:[^"\\]|\\[^])*"|;|[^";]+|"[^]*/g)) {
    if (part === ';') segments.push('');
    else segments[segments.length - 1] += part;
  }
  return segments;
}

function parts(name: string, text: string, space: string): readonly Piece[] {
  const values = [''];
  for (const letter of text.toWellFormed()) {
    const encoded = /^[A-Za-z0-9._-]$/.test(letter) ? letter : percent(letter);
    if ((values.at(-1) ?? '').length + encoded.length > PART_MAX) values.push('');
    values[values.length - 1] += encoded;
  }
  const [only = ''] = values;
  if (values.length === 1) return piece(space, `${name}*=UTF-8''${only}`);
  return values.flatMap((part, at) => [
    ...piece(at === 0 ? space : ' ', `${name}*${at}*=${at === 0 ? "UTF-8''" : ''}${part}`),
    ...(at < values.length - 1 ? [{ type: 'raw', raw: ';' } as const] : []),
  ]);
}

function piece(space: string, raw: string): readonly Piece[] {
  return [
    { type: 'space', raw: space },
    { type: 'raw', raw },
  ];
}

function percent(letter: string): string {
  return Buffer.from(letter)
    .toString('hex')
    .toUpperCase()
    .replaceAll(/../g, (pair) => `%${pair}`);
}
