// What other writers change of identities. Each writer asks for the changes of the last seconds, again and again: one that is committed late is not missed, and
// whoever is told twice takes no harm.

import type { StoreNotice } from '../port.ts';
import { number, type Row, text } from '../row.ts';
import type { Sql } from './sql.ts';

export interface Hearing {
  /** Those whom this writer serves know of this change. */
  told(n: number): void;
  /** Tells of what is new since it was asked last. */
  hear(sql: Sql): Promise<void>;
}

/** So much at once is not told one by one. */
const CHANGES_MAX = 1_000;

export function createHearing(onNotice: (notice: StoreNotice) => void): Hearing {
  let known = new Set<number>();
  const own = new Set<number>();
  return {
    told: (n) => void own.add(n),
    async hear(sql) {
      const rows = await sql.all(
        `SELECT n, identity_id, revision, state, gone FROM identity_change
           WHERE changed_at > statement_timestamp() - interval '30 seconds' ORDER BY changed_at DESC LIMIT ${CHANGES_MAX + 1}`,
      );
      const numbers = rows.map((row) => number(row, 'n'));
      const news = rows.filter((row) => !known.has(number(row, 'n')) && !own.has(number(row, 'n')));
      known = new Set([...numbers, ...own]);
      own.clear();
      if (rows.length > CHANGES_MAX && news.length > 0) return onNotice({ type: 'unsure' });
      for (const row of news.toReversed()) onNotice(noticeOf(row));
    },
  };
}

function noticeOf(row: Row): StoreNotice {
  return {
    type: 'identityChanged',
    identityId: text(row, 'identity_id'),
    revision: number(row, 'revision'),
    state: text(row, 'state') as Extract<StoreNotice, { type: 'identityChanged' }>['state'],
    gone: JSON.parse(text(row, 'gone')) as readonly string[],
  };
}
