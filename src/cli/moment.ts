// A point in time as somebody typed it: RFC 3339, a date (UTC), or how long ago (`2h`).

import { parseDuration } from '../base/duration.ts';
import { CommandFailure } from './failure.ts';

const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const DAY_MS = 86_400_000;

/** Milliseconds since the epoch. A date means its first moment; with `end` its last. */
export function momentOf(text: string, option: string, now: number, end: boolean = false): number {
  const ago = parseDuration(text);
  if (ago !== undefined) return now - ago;
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
  const read = isDate || rfc3339.test(text) ? Date.parse(text.toUpperCase().replace(' ', 'T')) : NaN;
  if (Number.isNaN(read)) {
    throw new CommandFailure(
      `${option} is a time such as 2026-11-23T10:00:00Z, a date such as 2026-11-23 (UTC), or how long ago, such as 2h; not "${text}"`,
      2,
    );
  }
  return isDate && end ? read + DAY_MS - 1 : read;
}
