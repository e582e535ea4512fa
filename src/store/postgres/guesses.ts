// What processes tell each other of wrong secrets (`../guesses.ts`). The table is not logged: a crash of the server empties it, which costs a quarter of an hour's defence and spares
// the log of all that attackers cause.

import { type GuessesChange, GUESSES_KEPT_MS } from '../guesses.ts';
import type { OutcomeOf } from '../port.ts';
import { number, text } from '../row.ts';
import type { Work } from './change.ts';
import type { Sql } from './sql.ts';

const WRITE = `INSERT INTO guess (name, writer, count, at) SELECT g.name, $1, g.count, $2::bigint
  FROM unnest($3::text[], $4::float8[]) AS g (name, count)
  ON CONFLICT (name, writer) DO UPDATE SET count = excluded.count, at = excluded.at`;
const DELETE = 'DELETE FROM guess WHERE writer = $1 AND name = ANY ($2::text[])';
const OTHERS =
  'SELECT name, count, at FROM guess WHERE name = ANY ($2::text[]) AND writer <> $1 AND at > $3::bigint';

export async function guesses(
  { sql, now }: Work,
  { writer, counts }: GuessesChange,
): Promise<OutcomeOf<GuessesChange>> {
  // Rows of a group of rows are locked in the order of their key.
  const told = counts
    .flatMap(({ name, count }) => (count === undefined ? [] : { name, count }))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const [left, gone] = [told.filter(({ count }) => count > 0), told.filter(({ count }) => count <= 0)];
  const namesOf = (some: readonly { readonly name: string }[]): readonly string[] =>
    some.map(({ name }) => name);
  if (left.length > 0)
    await sql.run(
      WRITE,
      ...[writer, now, namesOf(left)],
      left.map(({ count }) => count),
    );
  if (gone.length > 0) await sql.run(DELETE, writer, namesOf(gone));
  const rows = await sql.all(OTHERS, writer, namesOf(counts), now - GUESSES_KEPT_MS);
  const others = rows.map((row) => ({
    ...{ name: text(row, 'name'), count: number(row, 'count') },
    ageMs: Math.max(0, now - number(row, 'at')),
  }));
  return { type: 'guesses', others };
}

const FORGOTTEN_MAX = 500;

/** Removes some of those that are nothing any more. True: there may be more. */
export async function forgetGuesses(sql: Sql, now: number): Promise<boolean> {
  const count = await sql.run(
    `DELETE FROM guess WHERE (name, writer) IN (
       SELECT name, writer FROM guess WHERE at <= $1 ORDER BY at LIMIT ${FORGOTTEN_MAX} FOR UPDATE SKIP LOCKED)`,
    now - GUESSES_KEPT_MS,
  );
  return count === FORGOTTEN_MAX;
}
