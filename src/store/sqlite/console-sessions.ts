// Sessions of the console (`../console-sessions.ts`).

import {
  type ConsoleSession,
  type ConsoleSessionChange,
  type ConsoleSessionFacts,
  type ConsoleSessionLookups,
  SESSIONS_MAX,
} from '../console-sessions.ts';
import type { OutcomeOf } from '../port.ts';
import { number, text } from '../row.ts';
import type { Database, Row } from './database.ts';
import type { Writer } from './writer.ts';

const COLUMNS = 'key, identity_id, name, mark, used_at, ends_at, facts';

export function consoleSession(
  { db, trail }: Writer,
  change: ConsoleSessionChange,
): OutcomeOf<ConsoleSessionChange> {
  if ('begin' in change) {
    const { key, identityId, name, mark, usedAt, endsAt, facts } = change.begin;
    db.run(
      `INSERT INTO console_session (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      ...[key, identityId, name, mark, usedAt, endsAt, JSON.stringify(facts)],
    );
    db.run(
      'DELETE FROM console_session WHERE key IN (SELECT key FROM console_session WHERE identity_id = ? ORDER BY ends_at DESC, key LIMIT -1 OFFSET ?)',
      ...[identityId, SESSIONS_MAX],
    );
    trail.append(change.event);
    return { type: 'session', wasThere: true };
  }
  if ('use' in change) {
    const { key, usedAt, mark } = change.use;
    const count = db.run(
      'UPDATE console_session SET used_at = ?, mark = ? WHERE key = ?',
      ...[usedAt, mark, key],
    );
    return { type: 'session', wasThere: count > 0 };
  }
  const count = 'prove' in change ? prove(db, change.prove) : end(db, change.end);
  if (count > 0) trail.append(change.event);
  return { type: 'session', wasThere: count > 0 };
}

type Of<K extends 'prove' | 'end'> = Extract<ConsoleSessionChange, Readonly<Record<K, unknown>>>[K];

const prove = (db: Database, { key, next, facts }: Of<'prove'>): number =>
  db.run('UPDATE console_session SET key = ?, facts = ? WHERE key = ?', next, JSON.stringify(facts), key);

const end = (db: Database, { identityId, name }: Of<'end'>): number =>
  db.run('DELETE FROM console_session WHERE identity_id = ? AND name = ?', identityId, name);

/** Those that are over. */
export function forgetSessions(db: Database, now: number): void {
  db.run('DELETE FROM console_session WHERE ends_at <= ?', now);
}

export function consoleSessionLookups(db: Database): ConsoleSessionLookups {
  return {
    async consoleSession(key) {
      const row = db.get(`SELECT ${COLUMNS} FROM console_session WHERE key = ?`, key);
      return row && sessionOf(row);
    },
    consoleSessions: async (identityId) =>
      db
        .all(
          `SELECT ${COLUMNS} FROM console_session WHERE identity_id = ? ORDER BY ends_at DESC, key LIMIT ?`,
          ...[identityId, SESSIONS_MAX],
        )
        .map(sessionOf),
  };
}

function sessionOf(row: Row): ConsoleSession {
  return {
    ...{ key: text(row, 'key'), identityId: text(row, 'identity_id'), name: text(row, 'name') },
    ...{ mark: text(row, 'mark'), usedAt: number(row, 'used_at'), endsAt: number(row, 'ends_at') },
    facts: JSON.parse(text(row, 'facts')) as ConsoleSessionFacts,
  };
}
