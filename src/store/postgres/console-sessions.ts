// Sessions of the console (`../console-sessions.ts`).

import {
  type ConsoleSession,
  type ConsoleSessionChange,
  type ConsoleSessionFacts,
  type ConsoleSessionLookups,
  SESSIONS_MAX,
} from '../console-sessions.ts';
import type { OutcomeOf } from '../port.ts';
import { number, type Row, text } from '../row.ts';
import type { Work } from './change.ts';
import type { Reader } from './reader.ts';
import type { Sql } from './sql.ts';

const COLUMNS = 'key, identity_id, name, mark, used_at, ends_at, facts';
const TOO_MANY = `DELETE FROM console_session WHERE key IN
  (SELECT key FROM console_session WHERE identity_id = $1 ORDER BY ends_at DESC, key OFFSET $2 LIMIT ${SESSIONS_MAX})`;

export async function consoleSession(
  work: Work,
  change: ConsoleSessionChange,
): Promise<OutcomeOf<ConsoleSessionChange>> {
  const { sql } = work;
  if ('begin' in change) {
    const { key, identityId, name, mark, usedAt, endsAt, facts } = change.begin;
    await sql.run(
      `INSERT INTO console_session (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      ...[key, identityId, name, mark, usedAt, endsAt, JSON.stringify(facts)],
    );
    await sql.run(TOO_MANY, identityId, SESSIONS_MAX);
    work.append(change.event);
    return { type: 'session', wasThere: true };
  }
  if ('use' in change) {
    const { key, usedAt, mark } = change.use;
    const count = await sql.run(
      'UPDATE console_session SET used_at = $1, mark = $2 WHERE key = $3',
      ...[usedAt, mark, key],
    );
    return { type: 'session', wasThere: count > 0 };
  }
  const count = await ('prove' in change ? prove(sql, change.prove) : end(sql, change.end));
  if (count > 0) work.append(change.event);
  return { type: 'session', wasThere: count > 0 };
}

type Of<K extends 'prove' | 'end'> = Extract<ConsoleSessionChange, Readonly<Record<K, unknown>>>[K];

const prove = (sql: Sql, { key, next, facts }: Of<'prove'>): Promise<number> =>
  sql.run(
    'UPDATE console_session SET key = $1, facts = $2 WHERE key = $3',
    ...[next, JSON.stringify(facts), key],
  );

const end = (sql: Sql, { identityId, name }: Of<'end'>): Promise<number> =>
  sql.run('DELETE FROM console_session WHERE identity_id = $1 AND name = $2', ...[identityId, name]);

/** Those that are over. */
export async function forgetSessions(sql: Sql, now: number): Promise<void> {
  await sql.run('DELETE FROM console_session WHERE ends_at <= $1', now);
}

export function consoleSessionLookups(reader: Reader): ConsoleSessionLookups {
  return {
    async consoleSession(key) {
      const row = await reader.get(`SELECT ${COLUMNS} FROM console_session WHERE key = $1`, key);
      return row && sessionOf(row);
    },
    async consoleSessions(identityId) {
      const rows = await reader.all(
        `SELECT ${COLUMNS} FROM console_session WHERE identity_id = $1 ORDER BY ends_at DESC, key LIMIT $2`,
        ...[identityId, SESSIONS_MAX],
      );
      return rows.map(sessionOf);
    },
  };
}

function sessionOf(row: Row): ConsoleSession {
  return {
    ...{ key: text(row, 'key'), identityId: text(row, 'identity_id'), name: text(row, 'name') },
    ...{ mark: text(row, 'mark'), usedAt: number(row, 'used_at'), endsAt: number(row, 'ends_at') },
    facts: JSON.parse(text(row, 'facts')) as ConsoleSessionFacts,
  };
}
