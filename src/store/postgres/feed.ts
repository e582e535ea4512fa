// What each pulse tells of identities: the changes that came into view in the last half minute, known by their numbers. Writers of identities take turns until they have
// committed (`identities.ts`), so numbers come into view in their order, however late a commit is: no clock can hide one.

import type { Clock } from '../../platform/platform.ts';
import { type Changed, FEED_MAX, FEED_MS, type IdentityChanged } from '../freshness.ts';
import { number, type Row, text } from '../row.ts';
import type { Sql } from './sql.ts';

/** Of one writer. */
export interface ChangeFeed {
  /** Within the transaction of a pulse. */
  changed(sql: Sql): Promise<Changed>;
}

/** All changes up to this number were in view at that time (monotonic, ms). */
interface Seen {
  readonly n: number;
  readonly at: number;
}

export function openChangeFeed(clock: Pick<Clock, 'monotonic'>): ChangeFeed {
  /** In their order, the last one of more than `FEED_MS` ago first. */
  let seen: readonly Seen[] = [];
  return {
    async changed(sql) {
      const at = clock.monotonic();
      if (seen.length === 0) seen = [{ n: await numberOf(sql, BEFORE), at }];
      // Looked up before the changes are read: what comes into view between is told once more.
      const newest = await numberOf(sql, NEWEST);
      seen = [...seen, { n: newest, at }];
      const past = seen.findLastIndex((one) => one.at <= at - FEED_MS);
      seen = seen.slice(Math.max(0, past));
      const from = seen[0]?.n ?? 0;
      // By their numbers: some of them may have gone already.
      if (newest - from > FEED_MAX) return 'many';
      const rows = await sql.all(AFTER, from);
      return rows.length > FEED_MAX ? 'many' : rows.map(changeOf);
    },
  };
}

const NEWEST = 'SELECT coalesce(max(n), 0) AS n FROM identity_change';
/** For the first pulse of a writer, which is believed of nothing before it anyway. */
const BEFORE = `SELECT coalesce(min(n) - 1, (SELECT coalesce(max(n), 0) FROM identity_change)) AS n FROM identity_change
  WHERE changed_at > (extract(epoch FROM clock_timestamp()) * 1000)::bigint - ${FEED_MS}`;

async function numberOf(sql: Sql, question: string): Promise<number> {
  return number((await sql.get(question)) ?? {}, 'n');
}

const AFTER = `SELECT identity_id, revision, state, gone FROM identity_change WHERE n > $1 ORDER BY n LIMIT ${FEED_MAX + 1}`;

function changeOf(row: Row): IdentityChanged {
  return {
    type: 'identityChanged',
    identityId: text(row, 'identity_id'),
    revision: number(row, 'revision'),
    state: text(row, 'state') as IdentityChanged['state'],
    gone: JSON.parse(text(row, 'gone')) as readonly string[],
  };
}

/** More than tell that there were too many. */
const KEPT = 2 * FEED_MAX;

/** Writes one, in turn (`takeTurn`), and lets go of those before the last `KEPT` numbers. The time is for the first pulse of others. */
export async function tellOthers(sql: Sql, change: IdentityChanged): Promise<void> {
  const { identityId, revision, state, gone } = change;
  const written = await sql.get(
    `INSERT INTO identity_change (changed_at, identity_id, revision, state, gone)
       VALUES ((extract(epoch FROM clock_timestamp()) * 1000)::bigint, $1, $2, $3, $4) RETURNING n`,
    ...[identityId, revision, state, JSON.stringify(gone)],
  );
  await sql.run('DELETE FROM identity_change WHERE n <= $1', number(written ?? {}, 'n') - KEPT);
}
