// Which recipients a claim takes. Lanes are chosen by a rule that asks and gets its answer at once (`lanes.ts`), a database answers later: the rule runs over
// what was read, says what it lacks, and runs again when that was read too.

import { type Lanes, LOOKED_AT_MAX, takeShares } from '../lanes.ts';
import type { ClaimChange } from '../port.ts';
import { mayNotSend } from '../held.ts';
import { number, type Row, text } from '../row.ts';
import type { Work } from './change.ts';
import { type Met, PARKED_MAX, putAside } from './parked.ts';
import { keyOfRow, type RecipientKey } from './recipient-key.ts';
import type { Sql } from './sql.ts';

interface Choice {
  readonly keys: readonly RecipientKey[];
  readonly round: ReturnType<typeof takeShares>;
  /** It met as much mail of identities that may not send as one claim puts aside. */
  readonly isCut: boolean;
}

export async function chooseDue({ sql, now }: Work, change: ClaimChange): Promise<Choice> {
  const lanes = await lanesOf(sql, change, now);
  const read: Read = { lanes: new Map(), met: [] };
  // Of the first takes of each lane, and of what is left for some of them.
  const max = 2 * change.shares.reduce((sum, share) => sum + share.max, 0) + PARKED_MAX;
  for (;;) {
    const keys: RecipientKey[] = [];
    const lacking = new Map<string, number>();
    const round = takeShares(lanesOver(lanes, read, keys, lacking), change, now);
    const isCut = read.met.length >= PARKED_MAX;
    if (isCut || lacking.size === 0) {
      if (read.met.length > 0) await putAside(sql, read.met.slice(0, PARKED_MAX));
      return { keys, round, isCut };
    }
    await readMore(sql, read, lacking, { now, max });
  }
}

/** The oldest of a lane, as far as they were read. */
interface ReadLane {
  readonly keys: RecipientKey[];
  /** The last one that was read, kept or not; absent: none was. */
  last?: Row;
  isAll: boolean;
  hasMet: boolean;
}

interface Read {
  readonly lanes: Map<string, ReadLane>;
  /** May not be given to anybody. */
  readonly met: Met[];
}

/** What is taken is added to `keys`; what would be, had it been read, is counted in `lacking`. */
function lanesOver(
  lanes: readonly Lane[],
  read: Read,
  keys: RecipientKey[],
  lacking: Map<string, number>,
): Lanes {
  const taken = new Map<string, number>();
  return {
    firstAfter: (domain) => lanes[domain === undefined ? 0 : placeAfter(lanes, domain)],
    take(domain, max) {
      const lane = read.lanes.get(domain);
      const from = taken.get(domain) ?? 0;
      const given = lane?.keys.slice(from, from + max) ?? [];
      keys.push(...given);
      taken.set(domain, from + given.length);
      if (given.length < max && lane?.isAll !== true)
        lacking.set(domain, (lacking.get(domain) ?? 0) + max - given.length);
      return given.length;
    },
  };
}

const NO_ID = '0'.repeat(32);

const MORE = `
  SELECT r.* FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::int[], $5::int[]) AS lane (domain, due_at, message_id, number, most),
    LATERAL (
      SELECT r.domain, r.due_at, r.message_id, r.number, r.identity_id, ${mayNotSend('r')} AS may_not_send FROM recipient r
        WHERE r.owner IS NULL AND r.held = 0 AND r.domain = lane.domain AND r.due_at <= $6
          AND (r.due_at, r.message_id, r.number) > (lane.due_at, lane.message_id, lane.number)
        ORDER BY r.due_at, r.message_id, r.number LIMIT lane.most
    ) r LIMIT $7`;

/** Reads on in these lanes, in their order, as many as they lack, and no more than `max` of all. */
async function readMore(
  sql: Sql,
  read: Read,
  lacking: ReadonlyMap<string, number>,
  { now, max }: { readonly now: number; readonly max: number },
): Promise<void> {
  const asked = [...lacking].map(([domain, count]) => {
    const lane = read.lanes.get(domain) ?? { keys: [], isAll: false, hasMet: false };
    read.lanes.set(domain, lane);
    return { domain, lane, most: count + (lane.hasMet ? PARKED_MAX : 0), got: 0 };
  });
  const lasts = asked.map(({ lane }) => lane.last);
  const rows = await sql.all(
    MORE,
    asked.map(({ domain }) => domain),
    lasts.map((last) => (last === undefined ? Number.MIN_SAFE_INTEGER : number(last, 'due_at'))),
    lasts.map((last) => (last === undefined ? NO_ID : keyOfRow(last).messageId)),
    lasts.map((last) => (last === undefined ? -1 : number(last, 'number'))),
    asked.map(({ most }) => most),
    now,
    max,
  );
  const byDomain = new Map(asked.map((one) => [one.domain, one]));
  for (const row of rows) {
    const one = byDomain.get(text(row, 'domain'));
    if (one === undefined) continue;
    one.got += 1;
    one.lane.last = row;
    if (row['may_not_send'] === true) {
      one.lane.hasMet = true;
      read.met.push({ ...keyOfRow(row), identityId: text(row, 'identity_id') });
    } else one.lane.keys.push(keyOfRow(row));
  }
  // Behind the last row that was given nothing is known.
  const known = rows.length < max ? asked.length : asked.findLastIndex(({ got }) => got > 0);
  for (const { lane, most, got } of asked.slice(0, known)) lane.isAll = got < most;
}

interface Lane {
  readonly domain: string;
  readonly dueAt: number;
}

/** The lanes that a claim may look at, by their names: from `after` on, then from the first again. */
async function lanesOf(sql: Sql, change: ClaimChange, now: number): Promise<readonly Lane[]> {
  const { shares, after } = change;
  const max = Math.max(0, ...shares.map((share) => (share.domains === undefined ? share.max : 0)));
  if (max === 0) return [];
  const named = shares.flatMap(({ domains = [] }) => domains);
  const look = async (from: string, to: string, isAfter: boolean, most: number): Promise<readonly Row[]> =>
    sql.all(isAfter ? LANES_AFTER : LANES_FROM, from, to, now, named, most);
  const tail = after === undefined ? [] : await look(after, LAST, true, max);
  const found = number(tail.at(-1) ?? {}, 'due');
  const isDone = found >= max || tail.length >= LOOKED_AT_MAX;
  const head = isDone ? [] : await look('', after ?? LAST, false, max - found);
  return [...head, ...tail].map((row) => ({ domain: text(row, 'domain'), dueAt: number(row, 'due_at') }));
}

/** After every domain. */
const LAST = '\u{10FFFF}';

/** Each step goes to the next lane by the index. `due`: how many of them had something due so far. */
const lanesFrom = (first: '>' | '>='): string => {
  const next = (where: string): string =>
    `SELECT r.domain, r.due_at, (r.due_at <= $3 AND r.domain <> ALL($4::text[]))::int AS due FROM recipient r
       WHERE r.owner IS NULL AND r.held = 0 AND r.domain ${where} AND r.domain <= $2 ORDER BY r.domain, r.due_at LIMIT 1`;
  return `
    WITH RECURSIVE lane AS (
      (SELECT n.domain, n.due_at, n.due, 1 AS looked FROM (${next(`${first} $1`)}) n)
      UNION ALL
      SELECT n.domain, n.due_at, lane.due + n.due, lane.looked + 1 FROM lane, LATERAL (${next('> lane.domain')}) n
        WHERE lane.looked < ${LOOKED_AT_MAX} AND lane.due < $5
    ) SELECT domain, due_at, due FROM lane`;
};
const LANES_FROM = lanesFrom('>=');
const LANES_AFTER = lanesFrom('>');

/** By halving: where the first lane after this domain stands. */
function placeAfter(lanes: readonly Lane[], domain: string): number {
  let low = 0;
  let high = lanes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((lanes[middle]?.domain ?? '') > domain) high = middle;
    else low = middle + 1;
  }
  return low;
}
