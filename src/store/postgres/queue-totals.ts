// How much is queued, without counting it: triggers write what each statement put into the queue tables or took out of them (`schema.ts`), so no writer waits for another,
// and whoever folds adds that to the totals. A sum of both is exact in any snapshot. What is in hand is never much, and is counted.

import type { Clock } from '../../platform/platform.ts';
import { countMessage, type QueueDepth } from '../depth.ts';
import type { HopDomains } from '../hop-domains.ts';
import { type Lookups, OLDEST_OF_IDENTITY_AMONG, type QueueOfIdentity } from '../lookups.ts';
import type { QueuedMessage } from '../port.ts';
import { number, optionalText, type Row, text } from '../row.ts';
import { isOfHop } from '../selector-sql.ts';
import { type Connection, SqlError } from './connection.ts';
import { LOGIN_ENDING } from './schema.ts';
import { inTransaction, type Sql, sqlOver } from './sql.ts';

/** Between two folds of one writer, ms: what has not been added yet is read row by row. */
export const FOLD_EVERY_MS = 2_000;
/** Changes that one fold adds. */
const FOLD_MAX = 10_000;

/** A change whose transaction was under way at the last fold is met by one of the next, ms. */
const LATE_MS_MAX = 60_000;

/** In one order, so that two who fold wait for each other at most. What another folds is left to it. */
const FOLD = `WITH folded AS (
    DELETE FROM queue_change
      WHERE n = ANY (ARRAY(SELECT n FROM queue_change WHERE n > $1 ORDER BY n LIMIT ${FOLD_MAX} FOR UPDATE SKIP LOCKED)) RETURNING n, kind, key, count
  ), sums AS (
    SELECT kind, key, sum(count)::bigint AS count FROM folded GROUP BY kind, key HAVING sum(count) <> 0 ORDER BY kind, key
  ), added AS (
    INSERT INTO queue_total SELECT kind, key, count FROM sums
      ON CONFLICT (kind, key) DO UPDATE SET count = queue_total.count + excluded.count
  )
  SELECT count(*) AS count, coalesce(max(n), 0) AS last FROM folded`;
const FORGET_ZEROS = "DELETE FROM queue_total WHERE count = 0 AND kind > ''";

/** True: there is more. */
export type Fold = (sql: Sql) => Promise<boolean>;

/** Under an old snapshot nothing that was folded can be cleared away: each fold begins where those of a minute ago had come to. */
export function createFold(clock: Pick<Clock, 'monotonic'>): Fold {
  let nextAt = -Infinity;
  const come: { readonly at: number; readonly n: number }[] = [];

  function floor(now: number): number {
    while ((come[1]?.at ?? now) <= now - LATE_MS_MAX) come.shift();
    const [first] = come;
    return first === undefined || first.at > now - LATE_MS_MAX ? 0 : first.n;
  }

  return async (sql) => {
    const now = clock.monotonic();
    if (now < nextAt) return false;
    const row = (await sql.get(FOLD, floor(now))) ?? {};
    const [folded, last] = [number(row, 'count'), number(row, 'last')];
    if (folded > 0) come.push({ at: now, n: last });
    if (folded === FOLD_MAX) return true;
    if (folded > 0) await sql.run(FORGET_ZEROS);
    nextAt = now + FOLD_EVERY_MS;
    return false;
  };
}

/** Of messages in the queue tables, as of the last fold: a few rows, however much is queued. */
const BY_ROLE = "SELECT key, count FROM queue_total WHERE kind = 'role'";

/** As a writer knows it: of all nodes what is in the queue tables, and of those in hand its own. */
export async function depthOf(sql: Sql, inHand: Iterable<QueuedMessage['role']>): Promise<QueueDepth> {
  const depth = { messages: 0, ofStrangers: 0 };
  for (const role of inHand) countMessage(depth, { role }, 1);
  return added(depth, await sql.all(BY_ROLE));
}

function added(depth: QueueDepth, rows: readonly Row[]): QueueDepth {
  for (const row of rows) {
    depth.messages += number(row, 'count');
    if (row['key'] === 'mx') depth.ofStrangers += number(row, 'count');
  }
  return depth;
}

/** What comes and goes is read by its key: for each row that is there, very many may have gone that nobody has cleared away yet. */
export const FILED =
  'SELECT kind, key, count FROM queue_total UNION ALL SELECT kind, key, count FROM queue_change WHERE n > 0';
const IN_HAND = `inflight i WHERE i.withdrawn_until IS NULL AND i.id > '00000000000000000000000000000000'`;

const ALL_BY_ROLE = `SELECT key, sum(count)::bigint AS count FROM (
    SELECT key, count FROM (${FILED}) AS filed WHERE kind = 'role' UNION ALL SELECT i.role, count(*) FROM ${IN_HAND} GROUP BY i.role
  ) AS all_of GROUP BY key`;

/** Under an old snapshot it may take long to count all that is not folded, or in hand of a life that ended; the first folds and pulses bring it. */
const START_MS_MAX = 1_000;
const QUERY_CANCELED = '57014';

/** As a writer knows it that begins. */
export async function depthAtStart(connection: Connection): Promise<QueueDepth> {
  try {
    return await inTransaction(connection, async (sql) => {
      await sql.all("SELECT set_config('statement_timeout', $1, true)", String(START_MS_MAX));
      return added({ messages: 0, ofStrangers: 0 }, await sql.all(ALL_BY_ROLE));
    });
  } catch (error) {
    if (error instanceof SqlError && error.code === QUERY_CANCELED) return depthOf(sqlOver(connection), []);
    throw error;
  }
}

const MESSAGES = `SELECT coalesce(sum(count), 0)::bigint + (SELECT count(*) FROM ${IN_HAND}) AS messages FROM (${FILED}) AS filed WHERE kind = 'role'`;

export async function messagesIn(sql: Sql): Promise<number> {
  return number((await sql.get(MESSAGES)) ?? {}, 'messages');
}

const DOMAINS_MAX = 50;

const BY_DOMAIN = `SELECT key, sum(count)::bigint AS count, (sum(sum(count)) OVER ())::bigint AS of_all FROM (
    SELECT key, count FROM (${FILED}) AS filed WHERE kind = 'domain'
    UNION ALL SELECT domain, count(*) FROM (SELECT unnest(i.domains) COLLATE "C" AS domain FROM ${IN_HAND}) AS one GROUP BY domain
  ) AS all_of GROUP BY key HAVING sum(count) <> 0 ORDER BY count DESC, key LIMIT ${DOMAINS_MAX}`;

/** `also`: of which identities alone. */
const byIdentity = (limit: string, also = ''): string => `
  SELECT w.key, w.count, (SELECT i.login FROM identity i WHERE i.id = w.key) AS login, least(w.in_hand_since, o.oldest) AS oldest FROM (
    SELECT a.key, sum(a.count)::bigint AS count, min(a.since) AS in_hand_since FROM (
      SELECT key, count, NULL::bigint AS since FROM (${FILED}) AS filed WHERE kind = 'identity'
      UNION ALL SELECT i.identity_id, sum(cardinality(i.domains))::bigint, min(i.accepted_at) FROM ${IN_HAND} AND i.identity_id IS NOT NULL GROUP BY i.identity_id
    ) AS a ${also} GROUP BY a.key HAVING sum(a.count) > 0 ORDER BY count DESC, a.key LIMIT ${limit}
  ) AS w, LATERAL (
    SELECT min(m.accepted_at) AS oldest FROM (
      SELECT r.message_id FROM recipient r WHERE r.identity_id = w.key ORDER BY r.message_id, r.number LIMIT ${OLDEST_OF_IDENTITY_AMONG}
    ) AS f, LATERAL (SELECT accepted_at FROM message WHERE message.id = f.message_id LIMIT 1) AS m
  ) AS o ORDER BY w.count DESC, w.key`;
const OF_ALL = byIdentity('$1');
const OF_DOMAINS = byIdentity(
  '$2',
  `WHERE a.key = ANY (ARRAY(SELECT i.id FROM identity i WHERE ${LOGIN_ENDING} = ANY ($1::text[])))`,
);

/** The most first. */
export async function identityTotals(
  sql: Sql,
  { max, domains }: Parameters<Lookups['queueByIdentity']>[0],
): Promise<readonly QueueOfIdentity[]> {
  const rows =
    domains === undefined
      ? await sql.all(OF_ALL, max)
      : await sql.all(
          OF_DOMAINS,
          domains.map((domain) => `@${domain}`),
          max,
        );
  return rows.map((row) => {
    const login = optionalText(row, 'login');
    const { oldest } = row;
    return {
      ...{ identityId: text(row, 'key'), deliveries: number(row, 'count') },
      ...(typeof oldest === 'number' ? { oldestAcceptedAt: oldest } : {}),
      ...(login === undefined ? {} : { login }),
    };
  });
}

/** By the totals of domains. */
export async function hopCount(sql: Sql, nextHop: HopDomains): Promise<number> {
  const isAmong = (column: string): string => `${column} = ANY ($1::text[])`;
  const row = await sql.get(
    `SELECT coalesce(sum(count), 0)::bigint AS deliveries FROM (
       SELECT key, count FROM (${FILED}) AS filed WHERE kind = 'domain'
       UNION ALL SELECT domain, 1 FROM (SELECT unnest(i.domains) COLLATE "C" AS domain FROM ${IN_HAND}) AS one
     ) AS all_of WHERE ${isOfHop('key', nextHop, { isAmong })}`,
    nextHop.domains,
  );
  return number(row ?? {}, 'deliveries');
}

export interface DomainTotals {
  readonly deliveries: number;
  /** Largest first, at most 50. */
  readonly byDomain: readonly { readonly domain: string; readonly deliveries: number }[];
}

export async function domainTotals(sql: Sql): Promise<DomainTotals> {
  const rows = await sql.all(BY_DOMAIN);
  return {
    deliveries: number(rows[0] ?? { of_all: 0 }, 'of_all'),
    byDomain: rows.map((row) => ({ domain: text(row, 'key'), deliveries: number(row, 'count') })),
  };
}
