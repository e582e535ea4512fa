// How many recipients a selector means: from the kept totals where they say it, else one by one.

import type { QueueSelector } from '../port.ts';
import { type Database, number, type SqlValue } from './database.ts';
import { MAY_NOT_SEND } from './held.ts';
import { whereOf } from './selector.ts';
import { countYoungHeld, youngEntries } from './young-lookups.ts';

export function countOf(db: Database, selector: QueueSelector): number {
  const named = Object.entries(selector).filter(([, value]) => value !== undefined);
  const { held, domain, identityId } = selector;
  switch (named.map(([key]) => key).join()) {
    case '':
      return countAll(db);
    case 'held':
      return held === true ? countHeld(db) : countAll(db) - countHeld(db);
    case 'domain':
      return count(
        db,
        'SELECT deliveries AS count FROM queue_domain WHERE domain = ?',
        domain?.toLowerCase(),
      );
    case 'identityId':
      return (
        count(db, 'SELECT deliveries AS count FROM queue_identity WHERE identity_id = ?', identityId) +
        youngEntries(db, selector).length
      );
    default:
      return countRows(db, selector);
  }
}

export function countAll(db: Database): number {
  return count(db, 'SELECT coalesce(sum(deliveries), 0) AS count FROM queue_domain');
}

/** By commands and attempts, and by what identities may. */
export function countHeld(db: Database): number {
  return (
    count(db, 'SELECT coalesce(sum(held), 0) AS count FROM queue_domain') +
    count(
      db,
      `SELECT coalesce(sum(m.deliveries - m.held), 0) AS count FROM queue_identity m WHERE ${MAY_NOT_SEND}`,
    ) +
    countYoungHeld(db)
  );
}

function countRows(db: Database, selector: QueueSelector): number {
  const { sql, values } = whereOf(selector);
  return (
    count(
      db,
      `SELECT count(*) AS count FROM recipient r JOIN message m ON m.n = r.message_n WHERE ${sql}`,
      ...values,
    ) + youngEntries(db, selector).length
  );
}

function count(db: Database, sql: string, ...values: readonly (SqlValue | undefined)[]): number {
  return number(db.get(sql, ...values.map((value) => value ?? null)) ?? {}, 'count');
}
