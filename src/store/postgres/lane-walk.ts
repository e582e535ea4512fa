// The walk from lane to lane that have something unclaimed, by the index: each step goes to the next lane. Lanes that have floors are gone to by their names and looked
// into from their floors; between them whatever else is there is found.

import { LOOKED_AT_MAX } from '../lanes.ts';
import { number, type Row, text } from '../row.ts';
import type { Sql } from './sql.ts';

export interface Lane {
  readonly domain: string;
  /** Of its oldest; Infinity: there is none. */
  readonly dueAt: number;
}

/** `(from, at)`: behind which domain, and the next lane with a floor. Of the three the first that gives a row is meant. */
const stepFrom = (from: string, at: string): string => {
  const unclaimed = (where: string, passed: number): string =>
    `(SELECT r.domain, r.due_at, ${passed} AS passed FROM recipient r
        WHERE r.owner IS NULL AND r.held = 0 AND ${where} ORDER BY r.domain, r.due_at LIMIT 1)`;
  return `(
      SELECT s.domain, s.due_at, (s.due_at <= $2 AND s.domain <> ALL($3::text[]))::int AS due, ${at} + s.passed AS at FROM (
        ${unclaimed(`r.domain ${from} AND r.domain < known.domains[${at}]`, 0)}
        UNION ALL ${unclaimed(`r.domain = known.domains[${at}] AND r.due_at >= known.floors[${at}]`, 1)}
        UNION ALL SELECT known.domains[${at}], NULL, 1 WHERE ${at} <= cardinality(known.floors)
      ) s LIMIT 1
    ) n`;
};

/** `first`: `>=` or `>`, where to begin. due: how many of them had something due so far. Behind the last lane that has a floor stands what no domain comes after. */
const lanesFrom = (first: string): string => `
  WITH RECURSIVE known AS MATERIALIZED (
    SELECT array_agg(k.domain ORDER BY k.domain COLLATE "C") || chr(1114111) AS domains, coalesce(array_agg(k.floor ORDER BY k.domain COLLATE "C"), '{}') AS floors
      FROM unnest($5::text[], $6::bigint[]) AS k (domain, floor) WHERE k.domain COLLATE "C" ${first} $1
  ), lane AS (
    SELECT n.domain, n.due_at, coalesce(n.due, 0) AS due, n.at, 1 AS looked FROM known, LATERAL ${stepFrom(`${first} $1`, '1')}
    UNION ALL
    SELECT n.domain, n.due_at, lane.due + coalesce(n.due, 0), n.at, lane.looked + 1 FROM lane, known, LATERAL ${stepFrom('> lane.domain', 'lane.at')}
      WHERE lane.looked < ${LOOKED_AT_MAX} AND lane.due < $4
  ) SELECT domain, due_at, due FROM lane`;
const FIRST_LANES = lanesFrom('>=');
const NEXT_LANES = lanesFrom('>');

export interface Walk {
  /** After which domain; absent: from the first on. */
  readonly after: string | undefined;
  readonly now: number;
  /** They are not counted. */
  readonly named: readonly string[];
  /** The walk ends when so many have something due. */
  readonly enough: number;
  readonly floors: { readonly domains: readonly string[]; readonly floors: readonly number[] };
}

/** `isEnd`: there are no more. */
export async function walkLanes(
  sql: Sql,
  { after, now, named, enough, floors }: Walk,
): Promise<{ readonly lanes: readonly Lane[]; readonly isEnd: boolean }> {
  const rows = await sql.all(
    after === undefined ? FIRST_LANES : NEXT_LANES,
    ...[after ?? '', now, named, enough, floors.domains, floors.floors],
  );
  return {
    lanes: rows.map(laneOfRow),
    isEnd: rows.length < LOOKED_AT_MAX && number(rows.at(-1) ?? {}, 'due') < enough,
  };
}

function laneOfRow(row: Row): Lane {
  return {
    domain: text(row, 'domain'),
    dueAt: row['due_at'] === null ? Infinity : number(row, 'due_at'),
  };
}
