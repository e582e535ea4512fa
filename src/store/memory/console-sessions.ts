// Sessions of the console, in memory (`../console-sessions.ts`).

import {
  type ConsoleSession,
  type ConsoleSessionChange,
  type ConsoleSessionLookups,
  SESSIONS_MAX,
} from '../console-sessions.ts';
import type { OutcomeOf } from '../port.ts';
import { compareBytes, type State } from './state.ts';
import type { Tables } from './tables.ts';

export function consoleSession(state: State, change: ConsoleSessionChange): OutcomeOf<ConsoleSessionChange> {
  const { consoleSessions } = state.tables;
  if ('begin' in change) {
    consoleSessions.set(change.begin.key, change.begin);
    for (const { key } of sessionsOf(state.tables, change.begin.identityId).slice(SESSIONS_MAX))
      consoleSessions.delete(key);
    state.append(change.event);
    return { type: 'session', wasThere: true };
  }
  if ('use' in change) {
    const { key, usedAt, mark } = change.use;
    const kept = consoleSessions.get(key);
    if (kept !== undefined) consoleSessions.set(key, { ...kept, usedAt, mark });
    return { type: 'session', wasThere: kept !== undefined };
  }
  if ('prove' in change) {
    const { key, next, facts } = change.prove;
    const kept = consoleSessions.get(key);
    if (kept === undefined) return { type: 'session', wasThere: false };
    consoleSessions.delete(key);
    consoleSessions.set(next, { ...kept, key: next, facts });
    state.append(change.event);
    return { type: 'session', wasThere: true };
  }
  const { identityId, name } = change.end;
  const ended = sessionsOf(state.tables, identityId).filter((kept) => kept.name === name);
  for (const { key } of ended) consoleSessions.delete(key);
  if (ended.length > 0) state.append(change.event);
  return { type: 'session', wasThere: ended.length > 0 };
}

/** Those that are over. */
export function forgetSessions({ consoleSessions }: Tables, now: number): void {
  for (const { key, endsAt } of consoleSessions.values()) if (endsAt <= now) consoleSessions.delete(key);
}

export function consoleSessionLookups(tables: Tables): ConsoleSessionLookups {
  return {
    consoleSession: async (key) => tables.consoleSessions.get(key),
    consoleSessions: async (identityId) => sessionsOf(tables, identityId),
  };
}

function sessionsOf({ consoleSessions }: Tables, identityId: string): readonly ConsoleSession[] {
  return consoleSessions
    .values()
    .filter((kept) => kept.identityId === identityId)
    .toSorted((one, other) => other.endsAt - one.endsAt || compareBytes(one.key, other.key));
}
