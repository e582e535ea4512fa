// A counter as it stands in its row: fourteen numbers of eight octets, the hour and then the day, each with the begin of its window, what was counted in it and
// in the one before.

import type { Counter } from '../../policy/limits.ts';
import { type Database } from './database.ts';
import { number, text } from '../row.ts';

type Window = Counter['hour'];
type Counts = Window['current'];

const COUNTS = 3;
const WINDOW = 1 + 2 * COUNTS;
const NUMBER_OCTETS = 8;
const ROW_OCTETS = 2 * WINDOW * NUMBER_OCTETS;

export function packedCounter({ hour, day }: Counter): Uint8Array {
  const numbers = new Float64Array(2 * WINDOW);
  writeWindow(numbers, 0, hour);
  writeWindow(numbers, WINDOW, day);
  return new Uint8Array(numbers.buffer);
}

/** Throws if it is no such row: a counter that can't be read must not lift a limit. */
export function unpackedCounter(row: Uint8Array): Counter {
  if (row.length !== ROW_OCTETS) throw new Error(`a counter has ${row.length} octets, not ${ROW_OCTETS}`);
  const numbers = new Float64Array(row.slice().buffer);
  return { hour: windowAt(numbers, 0), day: windowAt(numbers, WINDOW) };
}

function writeWindow(numbers: Float64Array, at: number, { start, current, previous }: Window): void {
  numbers[at] = start;
  writeCounts(numbers, at + 1, current);
  writeCounts(numbers, at + 1 + COUNTS, previous);
}

function writeCounts(numbers: Float64Array, at: number, { messages, recipients, nullSender }: Counts): void {
  numbers[at] = messages;
  numbers[at + 1] = recipients;
  numbers[at + 2] = nullSender;
}

function windowAt(numbers: Float64Array, at: number): Window {
  return {
    start: numbers[at] ?? 0,
    current: countsAt(numbers, at + 1),
    previous: countsAt(numbers, at + 1 + COUNTS),
  };
}

function countsAt(numbers: Float64Array, at: number): Counts {
  return {
    messages: numbers[at] ?? 0,
    recipients: numbers[at + 1] ?? 0,
    nullSender: numbers[at + 2] ?? 0,
  };
}

/** A step of the migration: counters were JSON under the text of an identity. */
export function packCounters(db: Database): void {
  db.exec(`
    ALTER TABLE counter RENAME TO old_counter;
    CREATE TABLE identity_number (n INTEGER PRIMARY KEY, identity_id TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE counter (n INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT;
    INSERT INTO identity_number (identity_id) SELECT identity_id FROM old_counter;
  `);
  for (const row of db.all('SELECT n, value FROM old_counter JOIN identity_number USING (identity_id)'))
    db.run(
      'INSERT INTO counter VALUES (?, ?)',
      number(row, 'n'),
      packedCounter(JSON.parse(text(row, 'value')) as Counter),
    );
  db.exec('DROP TABLE old_counter');
}
