// Which recipients a claim takes. The rule that chooses (`lanes.ts`) asks and gets its answer at once, a database answers later: the rule runs over what was read,
// says what it lacks, and runs again when that was read too. What is read is locked, and what another has locked is not there.

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
  const read: Read = { next: new Map(), lanes: new Map(), met: [] };
  for (;;) {
    const lacking: Lacking = { lanes: [], counts: new Map() };
    const keys: RecipientKey[] = [];
    const round = takeShares(lanesOver(read, keys, lacking), change, now);
    const isCut = read.met.length >= PARKED_MAX;
    const isWhole = lacking.lanes.length === 0 && lacking.counts.size === 0;
    if (isCut || isWhole) {
      if (read.met.length > 0) await putAside(sql, read.met.slice(0, PARKED_MAX));
      return { keys, round, isCut };
    }
    const [after] = lacking.lanes;
    if (after === undefined) await readDue(sql, read, lacking.counts, { change, now });
    else await readLanes(sql, read, after, { change, now });
  }
}

interface Lane {
  readonly domain: string;
  /** Of its oldest. */
  readonly dueAt: number;
}

/** The oldest of a lane, as far as they were read. */
interface DueLane {
  readonly keys: RecipientKey[];
  /** The last one that was read; absent: none was. */
  last?: Row;
  /** There are no more, or others have them. */
  isAll: boolean;
  hasMet: boolean;
}

interface Read {
  /** After a domain, or of all: the next lane, if there is one. */
  readonly next: Map<string | undefined, Lane | undefined>;
  readonly lanes: Map<string, DueLane>;
  /** May not be given to anybody. */
  readonly met: Met[];
}

interface Lacking {
  /** After which nobody knows what is next. */
  readonly lanes: { readonly domain: string | undefined }[];
  /** By domain: how many would have been taken. */
  readonly counts: Map<string, number>;
}

/** What is taken is added to `keys`. */
function lanesOver(read: Read, keys: RecipientKey[], lacking: Lacking): Lanes {
  const taken = new Map<string, number>();
  return {
    firstAfter(domain) {
      if (!read.next.has(domain)) lacking.lanes.push({ domain });
      const lane = read.next.get(domain);
      return lane && (isEmpty(read.lanes.get(lane.domain)) ? { ...lane, dueAt: Infinity } : lane);
    },
    take(domain, max) {
      const lane = read.lanes.get(domain);
      const from = taken.get(domain) ?? 0;
      const given = lane?.keys.slice(from, from + max) ?? [];
      keys.push(...given);
      taken.set(domain, from + given.length);
      if (given.length < max && lane?.isAll !== true)
        lacking.counts.set(domain, (lacking.counts.get(domain) ?? 0) + max - given.length);
      return given.length;
    },
  };
}

/** Nothing of it can be taken now. */
const isEmpty = (lane: DueLane | undefined): boolean => lane?.isAll === true && lane.keys.length === 0;

interface Asked {
  readonly change: ClaimChange;
  readonly now: number;
}

/** Each step goes to the next lane by the index. `due`: how many of them had something due so far. */
const lanesFrom = (first: string): string => {
  const nextWhere = (where: string): string =>
    `SELECT r.domain, r.due_at, (r.due_at <= $2 AND r.domain <> ALL($3::text[]))::int AS due FROM recipient r
       WHERE r.owner IS NULL AND r.held = 0 AND r.domain ${where} ORDER BY r.domain, r.due_at LIMIT 1`;
  return `
    WITH RECURSIVE lane AS (
      (SELECT n.domain, n.due_at, n.due, 1 AS looked FROM (${nextWhere(first)}) n)
      UNION ALL
      SELECT n.domain, n.due_at, lane.due + n.due, lane.looked + 1 FROM lane, LATERAL (${nextWhere('> lane.domain')}) n
        WHERE lane.looked < ${LOOKED_AT_MAX} AND lane.due < $4
    ) SELECT domain, due_at, due FROM lane`;
};
const FIRST_LANES = lanesFrom('>= $1');
const NEXT_LANES = lanesFrom('> $1');

/** Reads on after a lane, until enough of them have something due. */
async function readLanes(
  sql: Sql,
  read: Read,
  { domain: after }: { readonly domain: string | undefined },
  { change: { shares }, now }: Asked,
): Promise<void> {
  const named = shares.flatMap(({ domains = [] }) => domains);
  const max = Math.max(...shares.map((share) => (share.domains === undefined ? share.max : 0)));
  // Where many have nothing that can be taken, many more are looked at.
  const enough = max + [...read.lanes.values()].filter(isEmpty).length;
  const rows = await sql.all(
    after === undefined ? FIRST_LANES : NEXT_LANES,
    ...[after ?? '', now, named, enough],
  );
  let before = after;
  for (const row of rows) {
    const lane = { domain: text(row, 'domain'), dueAt: number(row, 'due_at') };
    read.next.set(before, lane);
    before = lane.domain;
  }
  const isEnd = rows.length < LOOKED_AT_MAX && number(rows.at(-1) ?? {}, 'due') < enough;
  if (isEnd) read.next.set(before, undefined);
}

const NO_ID = '0'.repeat(32);

const DUE = `
  SELECT r.* FROM unnest($1::text[], $2::bigint[], $3::uuid[], $4::int[], $5::int[]) AS lane (domain, due_at, message_id, number, most),
    LATERAL (
      SELECT r.domain, r.due_at, r.message_id, r.number, r.identity_id, ${mayNotSend('r')} AS may_not_send FROM recipient r
        WHERE r.owner IS NULL AND r.held = 0 AND r.domain = lane.domain AND r.due_at <= $6
          AND (r.due_at, r.message_id, r.number) > (lane.due_at, lane.message_id, lane.number)
        ORDER BY r.due_at, r.message_id, r.number LIMIT lane.most FOR UPDATE OF r SKIP LOCKED
    ) r LIMIT $7`;

/** Reads on in these lanes, in their order, as many as they lack. */
async function readDue(
  sql: Sql,
  read: Read,
  counts: Lacking['counts'],
  { change: { shares }, now }: Asked,
): Promise<void> {
  const asked = [...counts].map(([domain, count]) => {
    const lane = read.lanes.get(domain) ?? { keys: [], isAll: false, hasMet: false };
    read.lanes.set(domain, lane);
    return { domain, lane, most: count + (lane.hasMet ? PARKED_MAX : 0), got: 0 };
  });
  // Of the first takes of each lane, or of what is left for some of them.
  const max = 2 * shares.reduce((sum, share) => sum + share.max, 0) + PARKED_MAX;
  const lasts = asked.map(({ lane }) => lane.last);
  const rows = await sql.all(
    DUE,
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
    addTo(one.lane, read.met, row);
  }
  // Behind the last row that was given nothing is known.
  const known = rows.length < max ? asked.length : asked.findLastIndex(({ got }) => got > 0);
  for (const { lane, most, got } of asked.slice(0, known)) lane.isAll = got < most;
}

function addTo(lane: DueLane, met: Met[], row: Row): void {
  lane.last = row;
  if (row['may_not_send'] === true) {
    lane.hasMet = true;
    met.push({ ...keyOfRow(row), identityId: text(row, 'identity_id') });
  } else lane.keys.push(keyOfRow(row));
}
