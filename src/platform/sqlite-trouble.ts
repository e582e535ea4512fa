// What an error of SQLite means for who asked.

const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

type Trouble = 'full' | 'busy' | 'readOnly' | 'broken' | 'statement';

/** `broken`: nothing is known about what was being written; the connection must not be used any more. */
export function troubleOf(error: unknown): Trouble {
  const code =
    error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
      ? error.errcode & 0xff
      : 0;
  if (code === SQLITE_FULL) return 'full';
  if (code === SQLITE_BUSY) return 'busy';
  if (code === SQLITE_READONLY) return 'readOnly';
  const broken =
    code === SQLITE_IOERR || code === SQLITE_CORRUPT || code === SQLITE_CANTOPEN || code === SQLITE_NOTADB;
  return broken ? 'broken' : 'statement';
}
