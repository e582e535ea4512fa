// A counter as it stands in its row: fourteen numbers of eight octets, the hour and then the day, each with the begin of its window, what was counted in it and
// in the one before.

import type { Counter } from '../policy/limits.ts';

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
  // A copy: octets that begin anywhere are no numbers yet.
  const numbers = new Float64Array(new Uint8Array(row).buffer);
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
