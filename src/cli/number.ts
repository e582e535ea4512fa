// A whole number as somebody typed it: anything else is a mistake to be told, not a value to be guessed.

import { CommandFailure } from './failure.ts';

export function wholeNumber(text: string, what: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new CommandFailure(`${what} is a whole number, not "${text}"`, 2);
  return Number(text);
}
