// A whole number as somebody typed it: anything else is an error, not a value to be guessed.

import { CommandFailure } from './failure.ts';

export function wholeNumber(text: string, what: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new CommandFailure(`${what} is a whole number, not "${text}"`, 2);
  return Number(text);
}

/** How many to show: none would look as if there were none. */
export function wholeNumberFrom1(text: string, what: string): number {
  const number = wholeNumber(text, what);
  if (number === 0) throw new CommandFailure(`${what} is at least 1`, 2);
  return number;
}
