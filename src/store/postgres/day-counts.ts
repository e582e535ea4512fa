// How much mail an identity had on each day. The server counts: of thousands of events no more than a row for each day and type is sent.

import { DAY } from '../../base/duration.ts';
import { identityTerm } from '../../record/terms.ts';
import type { IdentityId } from '../../record/identity.ts';
import { countedByDay, DAY_EVENTS_MAX, type Days } from '../days.ts';
import { countedOfRow } from '../event-row.ts';
import { number, type Row } from '../row.ts';
import { PLACES } from './partitions.ts';
import type { Sql } from './sql.ts';
import { indexedWords } from './term-index.ts';
import { type Places, unindexed } from './trail-search.ts';

/**
 * A row for each day and type; of refusals one for each content, which says how many it stands for. Each partition is asked once, for all of its places: by a place at a time
 * it takes nearly twice as long. OFFSET: joined, all partitions would be read once for the whole of it.
 */
const COUNTED = `
  WITH named AS MATERIALIZED (
    SELECT place FROM (
      (SELECT place FROM term WHERE term.term = $1 AND place > $2 AND place < $3 ORDER BY place DESC LIMIT $5 + 1)
      UNION SELECT unnest($4::bigint[])
    ) AS found ORDER BY place DESC LIMIT $5 + 1
  )
  SELECT e.time / ${DAY} * ${DAY} AS time, e.type, e.payload, count(*)::int AS events, (SELECT count(*) > $5 FROM named) AS is_cut FROM (
    SELECT min(place) AS low, max(place) AS high, array_agg(place) AS places
      FROM (SELECT place FROM named ORDER BY place DESC LIMIT $5) AS newest GROUP BY place / ${PLACES}
  ) AS p, LATERAL (
    SELECT time, type, CASE WHEN type = 'refused' THEN payload END AS payload
      FROM event WHERE place BETWEEN p.low AND p.high AND place = ANY(p.places) OFFSET 0
  ) AS e WHERE e.time >= $6 GROUP BY 1, 2, 3`;

export async function daysOf(sql: Sql, id: IdentityId, since: number, places: Places): Promise<Days> {
  const term = identityTerm(id);
  const tail = (await unindexed(sql, [term], places)).slice(0, DAY_EVENTS_MAX + 1);
  const word = indexedWords([term])[0] ?? term;
  const rows = await sql.all(COUNTED, word, places.above, places.below, tail, DAY_EVENTS_MAX, since);
  return { days: countedByDay(rows.map(countedOf)), isCut: rows[0]?.['is_cut'] === true };
}

function countedOf(row: Row): ReturnType<typeof countedOfRow> {
  const { count = 1, ...one } = countedOfRow(row);
  return { ...one, count: count * number(row, 'events') };
}
