// JSON as commands print it, for programs and for terminals: times as others read them, and nothing in it that a terminal obeys.

import { toJson } from './json.ts';
import { time } from './time.ts';

/** Terminals obey some of these characters, and JSON may escape any. */
export function shownJson(value: unknown, indent = 2): string {
  return toJson(withTimes(value), indent).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

const timeName = /^(?:at|time|since|until)$|(?:At|Since|Until)$/;

/** Times are numbers inside, and RFC 3339 where programs of others read them. */
function withTimes(value: unknown, name: string = ''): unknown {
  if (typeof value === 'number') return timeName.test(name) ? time(value) : value;
  if (Array.isArray(value)) return value.map((one) => withTimes(one, name));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withTimes(one, key)]));
}

function escaped(character: string): string {
  if (character === '\n') return character;
  const units = Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
