// Which recipients a claim takes. The rule that chooses (`lanes.ts`) asks and gets its answer at once, a database answers later: the rule runs over what was read,
// says what it lacks, and runs again when that was read too. What is read is locked, and what another has locked is not there.

import { type Lanes, takeShares } from '../lanes.ts';
import type { ClaimChange } from '../port.ts';
import { mayNotSend } from '../held.ts';
import { number, type Row, text } from '../row.ts';
import type { Work } from './change.ts';
import { type Floors, type LaneLook, NO_FLOOR } from './floors.ts';
import { type Lane, walkLanes } from './lane-walk.ts';
import { type Met, PARKED_MAX, putAside } from './parked.ts';
import { keyOfRow, type RecipientKey } from './recipient-key.ts';
import type { Sql } from './sql.ts';

interface Choice {
  readonly keys: readonly RecipientKey[];
  readonly round: ReturnType<typeof takeShares>;
  /** It met as much mail of identities that may not send as one claim puts aside. */
  readonly isCut: boolean;
  /** For the floors. */
  readonly looks: readonly LaneLook[];
}

export async function chooseDue({ sql, now, node }: Work, change: ClaimChange): Promise<Choice> {
  const asked = { change, now, floors: node.floors };
  const read: Read = { next: new Map(), lanes: new Map(), met: [] };
  for (;;) {
    const lacking: Lacking = { lanes: [], counts: new Map() };
    const keys: RecipientKey[] = [];
    const round = takeShares(lanesOver(read, keys, lacking), change, now);
    if (lacking.lanes.length === 0 && lacking.counts.size === 0) {
      if (read.met.length > 0) await putAside(sql, read.met.slice(0, PARKED_MAX));
      return { keys, round, isCut: hasMetEnough(read), looks: looksOf(read, new Set(keys)) };
    }
    const [after] = lacking.lanes;
    if (after === undefined) await readDue(sql, read, withOthers(read, lacking.counts, asked), asked);
    else await readLanes(sql, read, after, asked);
  }
}

/** The oldest of a lane, as far as they were read. */
interface DueLane {
  /** In their order; they have more: who may not have it. */
  readonly keys: RecipientKey[];
  /** All that were read, with those that may not be given to anybody. */
  readonly rows: { readonly key: RecipientKey; readonly dueAt: number }[];
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

const hasMetEnough = ({ met }: Read): boolean => met.length >= PARKED_MAX;

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
      return lane && (isEmpty(read, lane.domain) ? { ...lane, dueAt: Infinity } : lane);
    },
    take(domain, max) {
      const lane = read.lanes.get(domain);
      const from = taken.get(domain) ?? 0;
      const given = lane?.keys.slice(from, from + max) ?? [];
      keys.push(...given);
      taken.set(domain, from + given.length);
      if (given.length < max && !isOver(read, lane))
        lacking.counts.set(domain, (lacking.counts.get(domain) ?? 0) + max - given.length);
      return given.length;
    },
  };
}

/** It has no more; or what may not be sent is in the way, and is put aside by the next claims: others are not to wait for that. */
const isOver = (read: Read, lane: DueLane | undefined): boolean =>
  lane !== undefined && (lane.isAll || (lane.hasMet && hasMetEnough(read)));

/** Nothing of it can be taken now. */
function isEmpty(read: Read, domain: string): boolean {
  const lane = read.lanes.get(domain);
  return isOver(read, lane) && lane?.keys.length === 0;
}

interface Asked {
  readonly change: ClaimChange;
  readonly now: number;
  readonly floors: Floors;
}

/** What was left in each lane. */
function looksOf(read: Read, taken: ReadonlySet<RecipientKey>): readonly LaneLook[] {
  const oldest = new Map<string, number>();
  for (const lane of read.next.values()) if (lane !== undefined) oldest.set(lane.domain, lane.dueAt);
  for (const [domain, { rows, isAll }] of read.lanes) {
    const left = rows.find(({ key }) => !taken.has(key));
    if (left !== undefined) oldest.set(domain, left.dueAt);
    else if (isAll && (rows.length > 0 || !oldest.has(domain))) oldest.set(domain, Infinity);
    else if (rows.length > 0) oldest.set(domain, rows.at(-1)?.dueAt ?? NO_FLOOR);
  }
  return [...oldest].map(([domain, dueAt]) => {
    const keys = read.lanes.get(domain)?.keys ?? [];
    return { domain, oldest: dueAt, taken: keys.filter((key) => taken.has(key)).length };
  });
}

/** Reads on after a lane, until enough of them have something due. */
async function readLanes(
  sql: Sql,
  read: Read,
  { domain: after }: { readonly domain: string | undefined },
  { change: { shares }, now, floors }: Asked,
): Promise<void> {
  const named = shares.flatMap(({ domains = [] }) => domains);
  const max = Math.max(...shares.map((share) => (share.domains === undefined ? share.max : 0)));
  // Where many have nothing that can be taken, many more are looked at.
  const enough = max + [...read.lanes.keys()].filter((domain) => isEmpty(read, domain)).length;
  const { lanes, isEnd } = await walkLanes(sql, { after, now, named, enough, floors: floors.all(now) });
  let before = after;
  for (const lane of lanes) {
    read.next.set(before, lane);
    before = lane.domain;
  }
  if (isEnd) read.next.set(before, undefined);
}

/** In search of who is not in the way, one of each lane that is known is looked at too. */
function withOthers(
  read: Read,
  counts: Lacking['counts'],
  { change: { shares }, now }: Asked,
): Lacking['counts'] {
  if (!hasMetEnough(read)) return counts;
  const named = new Set(shares.flatMap(({ domains = [] }) => domains));
  const others = [...read.next.values()].flatMap((lane) =>
    lane === undefined || lane.dueAt > now || named.has(lane.domain) || read.lanes.has(lane.domain)
      ? []
      : [[lane.domain, 1] as const],
  );
  return new Map([...others, ...counts]);
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
  { change: { shares }, now, floors }: Asked,
): Promise<void> {
  const asked = [...counts].map(([domain, count]) => {
    const lane = read.lanes.get(domain) ?? { keys: [], rows: [], isAll: false, hasMet: false };
    read.lanes.set(domain, lane);
    return { domain, lane, most: count + (lane.hasMet ? PARKED_MAX : 0), got: 0 };
  });
  // Of the first takes of each lane, or of what is left for some of them.
  const max = 2 * shares.reduce((sum, share) => sum + share.max, 0) + PARKED_MAX;
  const lasts = asked.map(({ lane }) => lane.last);
  const rows = await sql.all(
    DUE,
    asked.map(({ domain }) => domain),
    asked.map(({ domain, lane: { last } }) =>
      last === undefined ? floors.of(domain, now) : number(last, 'due_at'),
    ),
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
  const key = keyOfRow(row);
  lane.rows.push({ key, dueAt: number(row, 'due_at') });
  if (row['may_not_send'] === true) {
    lane.hasMet = true;
    met.push({ ...key, identityId: text(row, 'identity_id') });
  } else lane.keys.push(key);
}
