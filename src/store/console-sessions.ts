// Sessions of the console (`src/console/sessions.ts`), kept here so that a restart and another node know them. Of what the browser shows only a hash is here. Whoever
// may write them could write one for himself: in PostgreSQL a node's own user may not, unless he administers.

import type { EventDraft } from '../record/events.ts';
import type { IdentityId } from '../record/identity.ts';

/** Of one identity, and of all who came as users of the operating system; the one that began first gives way. */
export const SESSIONS_MAX = 50;

export interface ConsoleSession {
  /** Hash of the secret. */
  readonly key: string;
  /** Short, for people and the trail; it opens nothing. */
  readonly name: string;
  /** Empty: a user of the operating system. */
  readonly identityId: IdentityId | '';
  /** What it stands on; empty: nothing that can change. */
  readonly mark: string;
  /** All times are milliseconds since the epoch. */
  readonly usedAt: number;
  /** Whatever is done in it. */
  readonly endsAt: number;
  readonly facts: ConsoleSessionFacts;
}

/** What stays as it began, but for `provedAt`. */
export interface ConsoleSessionFacts {
  readonly who: string;
  readonly beganAt: number;
  /** What let him in: `link`, `password`, … */
  readonly by: string;
  /** Of the client. */
  readonly address: string;
  /** What the browser calls itself. */
  readonly browser: string;
  /** When whoever is in it last proved that it is he, by more than a password. Absent: never, or not since sessions know it. */
  readonly provedAt?: number;
}

export type ConsoleSessionChange = { readonly type: 'consoleSession' } & (
  | { readonly begin: ConsoleSession; readonly event: EventDraft }
  /** Of one that is there: an ended one stays ended. */
  | { readonly use: { readonly key: string; readonly usedAt: number; readonly mark: string } }
  /** Whoever is in it proved that it is he. From then on `next` is its key, so that a copy of the cookie before opens nothing. */
  | {
      readonly prove: { readonly key: string; readonly next: string; readonly facts: ConsoleSessionFacts };
      /** Written if it was there. */
      readonly event: EventDraft;
    }
  | {
      readonly end: Pick<ConsoleSession, 'identityId' | 'name'>;
      /** Written if it was there. */
      readonly event: EventDraft;
    }
);

export interface ConsoleSessionOutcomes {
  /** `wasThere`: of one that began, always. */
  consoleSession: { readonly type: 'session'; readonly wasThere: boolean };
}

export interface ConsoleSessionLookups {
  consoleSession(key: string): Promise<ConsoleSession | undefined>;
  /** Of this identity, the one that began last first. Those that are over are among them until they are purged. */
  consoleSessions(identityId: IdentityId | ''): Promise<readonly ConsoleSession[]>;
}
