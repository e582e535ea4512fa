// What processes tell each other of wrong secrets, in memory (`../guesses.ts`).

import { type GuessesChange, GUESSES_KEPT_MS } from '../guesses.ts';
import type { OutcomeOf } from '../port.ts';
import type { State } from './state.ts';

export interface GuessRow {
  readonly name: string;
  readonly writer: string;
  readonly count: number;
  readonly at: number;
}

export function guesses(
  { tables, clock }: State,
  { writer, counts }: GuessesChange,
): OutcomeOf<GuessesChange> {
  const now = clock.now();
  for (const { name, count } of counts) {
    if (count === undefined) continue;
    const key = JSON.stringify([name, writer]);
    if (count > 0) tables.guesses.set(key, { name, writer, count, at: now });
    else tables.guesses.delete(key);
  }
  const names = new Set(counts.map(({ name }) => name));
  const others = tables.guesses
    .values()
    .filter((row) => names.has(row.name) && row.writer !== writer && row.at > now - GUESSES_KEPT_MS)
    .map(({ name, count, at }) => ({ name, count, ageMs: Math.max(0, now - at) }));
  return { type: 'guesses', others };
}
