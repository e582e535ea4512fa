// Where a list goes on, as opaque text: the place, and what the question was. A cursor of another question is refused instead of leading somewhere in the middle. It is no
// secret and needs no signature: whoever makes one up gets a place in a list that he may read anyway.

import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { Problem } from './problem.ts';

const LENGTH_MAX = 2048;

export function cursorOf(place: unknown, question: string): string {
  return Buffer.from(JSON.stringify([digestOf(question), place])).toString('base64url');
}

/** Throws `Problem`. */
export function placeOf<T>(cursor: string, question: string, place: z.ZodType<T>): T {
  const [digest, value] = read(cursor);
  if (digest !== digestOf(question))
    throw new Problem(
      'cursor',
      'this cursor is of another question: repeat that one with it, or leave it out',
    );
  const found = place.safeParse(value);
  if (!found.success) throw garbled();
  return found.data;
}

function read(cursor: string): readonly unknown[] {
  if (cursor.length > LENGTH_MAX) throw garbled();
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(value)) return value;
  } catch {
    // Not JSON: said below.
  }
  throw garbled();
}

function garbled(): Problem {
  return new Problem('cursor', 'this is no cursor: take the one that an answer has given as `next`');
}

function digestOf(question: string): string {
  return createHash('sha256').update(question).digest('hex').slice(0, 16);
}
