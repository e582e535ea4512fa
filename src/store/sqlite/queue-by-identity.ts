// Whose mail waits: what is filed by the kept totals of each identity, what is in flight by its rows, of which there are few.

import { type Lookups, OLDEST_OF_IDENTITY_AMONG, type QueueOfIdentity } from '../lookups.ts';
import { number, optionalText, text } from '../row.ts';
import { type Database, type Row } from './database.ts';
import { LOGIN_ENDING } from './schema.ts';
import { isAmong } from './selector.ts';

/** `in_flight_since`: of what is in flight the oldest; NULL: nothing is. */
const WAITING = `
  SELECT identity_id, sum(deliveries) AS deliveries, min(accepted_at) AS in_flight_since FROM (
    SELECT identity_id, deliveries, NULL AS accepted_at FROM queue_identity
    UNION ALL
    SELECT facts ->> '$.message.identityId', json_array_length(facts, '$.recipients'), facts ->> '$.message.acceptedAt' FROM inflight
  ) WHERE identity_id IS NOT NULL GROUP BY identity_id`;
const MOST_FIRST = 'ORDER BY w.deliveries DESC, w.identity_id LIMIT ?';
const OF_ALL = `SELECT w.*, (SELECT i.login FROM identity i WHERE i.id = w.identity_id) AS login FROM (${WAITING}) w ${MOST_FIRST}`;
const OF_DOMAINS = `
  SELECT w.*, i.login FROM (${WAITING}) w JOIN (SELECT id, login FROM identity INDEXED BY identity_domain WHERE ${isAmong(LOGIN_ENDING, '?')}) i
    ON i.id = w.identity_id ${MOST_FIRST}`;
/** By the index of it. What waits for its report alone has no recipient any more. */
const OLDEST = `
  SELECT min(accepted_at) AS oldest FROM (
    SELECT accepted_at FROM message WHERE identity_id = ? AND unsettled > 0 ORDER BY id LIMIT ${OLDEST_OF_IDENTITY_AMONG})`;

export function queueByIdentity(
  db: Database,
  { max, domains }: Parameters<Lookups['queueByIdentity']>[0],
): readonly QueueOfIdentity[] {
  const rows =
    domains === undefined
      ? db.all(OF_ALL, max)
      : db.all(OF_DOMAINS, JSON.stringify(domains.map((domain) => `@${domain}`)), max);
  return rows.map((row) => ofRow(db, row));
}

function ofRow(db: Database, row: Row): QueueOfIdentity {
  const identityId = text(row, 'identity_id');
  const login = optionalText(row, 'login');
  const { oldest } = db.get(OLDEST, identityId) ?? {};
  const times = [oldest, row['in_flight_since']].filter((time) => typeof time === 'number');
  return {
    ...{ identityId, deliveries: number(row, 'deliveries') },
    ...(times.length === 0 ? {} : { oldestAcceptedAt: Math.min(...times) }),
    ...(login === undefined ? {} : { login }),
  };
}
