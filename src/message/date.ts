// Dates of header fields (RFC 5322 section 3.3): ours are always in UTC with a numeric offset (5321-u).

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const two = (value: number): string => String(value).padStart(2, '0');

export function formatDate(nowMs: number): string {
  const date = new Date(nowMs);
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  const day = `${days[date.getUTCDay()]}, ${date.getUTCDate()} ${months[date.getUTCMonth()]}`;
  return `${day} ${date.getUTCFullYear()} ${time} +0000`;
}

const dateTime =
  /^[ \t]*(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),[ \t]{0,10})?(\d{1,2})[ \t]{1,10}(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[ \t]{1,10}(\d{4})[ \t]{1,10}(\d\d):(\d\d)(?::(\d\d))?[ \t]{1,10}([+-]\d\d[0-5]\d|[A-Z]{1,3})(?:[ \t]{1,10}\([^()\\]{0,100}\))?[ \t]*$/i;

/** Well formed and possible; the obsolete zone names are read as everybody reads them. */
export function isDate(value: string): boolean {
  const match = dateTime.exec(value);
  if (match === null) return false;
  const [, dayText, monthName = '', ...rest] = match;
  const [year = 0, hour = 0, minute = 0, second = 0] = rest.slice(0, 4).map((part) => Number(part ?? 0));
  const month = months.findIndex((name) => name.toLowerCase() === monthName.toLowerCase());
  const daysInMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Number(dayText);
  return day >= 1 && day <= daysInMonth && year >= 1900 && hour <= 23 && minute <= 59 && second <= 60;
}
