// The log for people: time, level, message, then each fact as key=value. Lines are composed as JSON by whoever writes them; main, who alone prints,
// makes text of them. What is not plain ASCII without blanks is quoted as JSON quotes it, and what can't be seen is escaped: no fact ends a line.

import type { LineSink } from './log.ts';

export type LogFormat = 'text' | 'json';

export interface LogPrinter extends LineSink {
  /** In force from the next line on. */
  format: LogFormat;
}

export function createLogPrinter(sink: LineSink, format: LogFormat): LogPrinter {
  return {
    format,
    write(lines) {
      sink.write(this.format === 'json' ? lines : lines.replaceAll(/[^\n]+/g, textOf));
    },
  };
}

/** One line of JSON, as `createLog` composes it. */
function textOf(line: string): string {
  const { time, level, msg, ...facts } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const words = [String(time), String(level).toUpperCase().padEnd(LEVEL_LENGTH), wordsOf(String(msg))];
  for (const [name, value] of Object.entries(facts)) words.push(`${valueOf(name)}=${valueOf(value)}`);
  return words.join(' ');
}

const LEVEL_LENGTH = 5;

/** Nothing in it can be taken for the end of a value or for another one. */
const BARE = /^[\w.:;/@+<>*%~!?$&#()^-]+$/;
const PLAIN_WORDS = /^[\w .,:;/@+<>*%~!?$&#()^'’-]+$/;

/** Controls, formatting and unassigned characters, separators of lines, halves of surrogate pairs. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

function valueOf(value: unknown): string {
  return typeof value === 'string' && BARE.test(value) ? value : quoted(value);
}

/** Ours are words without an equals sign. */
function wordsOf(message: string): string {
  return PLAIN_WORDS.test(message) ? message : quoted(message);
}

function quoted(value: unknown): string {
  return JSON.stringify(value).replaceAll(UNSEEN, (unseen) =>
    Array.from({ length: unseen.length }, (_, at) => escaped(unseen.charCodeAt(at))).join(''),
  );
}

const escaped = (unit: number): string => String.raw`\u${unit.toString(16).padStart(4, '0')}`;
