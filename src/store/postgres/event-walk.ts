// A walk through the events of all chains, one chain after the other. Chains grow at the same time, so a place in the walk says of each that may still grow how far it
// was read, as in `7:120,9:4`: of chains up to the last one named, those that are not named were read to their end.

import { eventOfRow } from '../event-row.ts';
import { type Cursor, NotACursor, type WalkedEvent } from '../lookups.ts';
import { number } from '../row.ts';
import type { Sql } from './sql.ts';
import { EVENT_COLUMNS } from './term-index.ts';

const CHAINS = `
  SELECT c.id AS chain, c.closed, v.reached FROM chain c LEFT JOIN unnest($1::int[], $2::bigint[]) AS v (chain, reached) ON v.chain = c.id
    WHERE NOT c.closed OR v.reached IS NOT NULL OR c.id > $3 ORDER BY c.id`;

const EVENTS = `SELECT ${EVENT_COLUMNS} FROM event e WHERE e.chain = $1 AND e.sequence > $2 ORDER BY e.sequence LIMIT $3`;

/** All of it in one view. */
export async function walkEvents(
  sql: Sql,
  { after, max }: { readonly after?: Cursor; readonly max: number },
): Promise<readonly WalkedEvent[]> {
  const reached = new Map(after === undefined ? [] : reachedOf(after));
  const begun = Math.max(0, ...reached.keys());
  const chains = await sql.all(CHAINS, [...reached.keys()], [...reached.values()], begun);
  const walked: WalkedEvent[] = [];
  for (const row of chains) {
    const chain = number(row, 'chain');
    const from = reached.get(chain) ?? 0;
    const rows = await sql.all(EVENTS, chain, from, max - walked.length);
    const others = [...reached].filter(([other]) => other !== chain);
    walked.push(
      ...rows.map((one) => ({
        ...eventOfRow(one),
        cursor: cursorOf([...others, [chain, number(one, 'number')]]),
      })),
    );
    if (walked.length === max) break;
    if (row['closed'] === true) reached.delete(chain);
    else reached.set(chain, number(rows.at(-1) ?? { number: from }, 'number'));
  }
  return walked;
}

/** The number of the last event that was read of a chain. */
type Reached = readonly [chain: number, number: number];

function cursorOf(reached: readonly Reached[]): Cursor {
  return reached
    .toSorted(([one], [other]) => one - other)
    .map((one) => one.join(':'))
    .join(',');
}

function reachedOf(cursor: Cursor): readonly Reached[] {
  if (!/^\d{1,9}:\d{1,15}(,\d{1,9}:\d{1,15})*$/.test(cursor))
    throw new NotACursor(`"${cursor}" is no place in the trail: take one that an answer before has given`);
  return cursor.split(',').map((one): Reached => {
    const [chain = 0, last = 0] = one.split(':').map(Number);
    return [chain, last];
  });
}
