// What commands print: aligned columns for people, JSON for programs, times in UTC, colour on a terminal only.

import { styleText } from 'node:util';
import { toJson } from '../base/json.ts';

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown, indent = 2): void {
  // Terminals obey some of these characters, and JSON may escape any.
  print(toJson(withTimes(value), indent).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escaped));
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

/** Progress of long work, on a terminal only: it never gets into a pipe. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}\u001b[K`);
}

export function progressDone(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

/** RFC 3339, UTC. */
export function time(ms: number): string {
  return new Date(ms).toISOString();
}

export function strong(text: string): string {
  return process.stdout.isTTY ? styleText('bold', text) : text;
}

export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows
    .map((row) =>
      row.map((cell, at) => (at === row.length - 1 ? cell : cell.padEnd(widths[at] ?? 0))).join('  '),
    )
    .join('\n');
}
