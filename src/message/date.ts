// Dates of header fields (RFC 5322 section 3.3): ours are always in UTC with a numeric offset (5321-u).

import { withoutComments } from './comments.ts';

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number): string => String(value).padStart(2, '0');

let lastSecond = Number.NaN;
let lastDate = '';

/** Many messages are dated within one second. */
export function formatDate(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== lastSecond) {
    lastDate = dateOf(nowMs);
    lastSecond = second;
  }
  return lastDate;
}

function dateOf(nowMs: number): string {
  const date = new Date(nowMs);
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const day = `${days[date.getUTCDay()]}, ${date.getUTCDate()} ${months[date.getUTCMonth()]}`;
  return `${day} ${date.getUTCFullYear()} ${time} +0000`;
}

const dateTime =
  /^[ \t]*(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),[ \t]{0,10})?(\d{1,2})[ \t]{1,10}(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ \t]{1,10}(\d{4}|\d{2})[ \t]{1,10}(\d\d):(\d\d)(?::(\d\d))?[ \t]{1,10}([+-]\d\d[0-5]\d|[A-Z]{1,3})[ \t]*$/i;

const monthNumber = new Map(months.map((name, at) => [name.toLowerCase(), at + 1]));

/** Well formed and possible; the obsolete zone names and years of two digits are read as everybody reads them (section 4.3). */
export function isDate(value: string): boolean {
  const match = dateTime.exec(withoutComments(value) ?? '');
  if (match === null) return false;
  const [, day, month = '', written = '', hour, minute, second = 0] = match;
  const year = written.length > 2 ? Number(written) : Number(written) + (Number(written) < 50 ? 2000 : 1900);
  const last = lastDay(year, monthNumber.get(month.toLowerCase()) ?? 0);
  const isDay = Number(day) >= 1 && Number(day) <= last && year >= 1900;
  return isDay && Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 60;
}

function lastDay(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
