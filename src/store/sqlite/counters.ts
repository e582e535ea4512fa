// The counters of sending limits inside one transaction: each is read once and written once, however many messages of an identity
// share the commit.

import { type Counter, emptyCounter } from '../../policy/limits.ts';
import type { IdentityId } from '../../record/identity.ts';
import { type Database, text } from './database.ts';

export interface Counters {
  of(identityId: IdentityId): Counter;
  set(identityId: IdentityId, counter: Counter): void;
  /** Nothing is left of it, also of what this transaction counted. */
  drop(identityId: IdentityId): void;
  /** Before COMMIT: writes what was set. */
  write(): void;
  /** After the end of the transaction, whichever it was: what is in the tables counts. */
  forget(): void;
}

export function openCounters(db: Database): Counters {
  const read = new Map<IdentityId, Counter>();
  const changed = new Set<IdentityId>();
  return {
    of(identityId) {
      let counter = read.get(identityId);
      if (counter === undefined) {
        const row = db.get('SELECT value FROM counter WHERE identity_id = ?', identityId);
        counter = row === undefined ? emptyCounter : (JSON.parse(text(row, 'value')) as Counter);
        read.set(identityId, counter);
      }
      return counter;
    },
    set(identityId, counter) {
      read.set(identityId, counter);
      changed.add(identityId);
    },
    drop(identityId) {
      read.delete(identityId);
      changed.delete(identityId);
      db.run('DELETE FROM counter WHERE identity_id = ?', identityId);
    },
    write() {
      for (const identityId of changed) {
        const value = JSON.stringify(read.get(identityId));
        db.run('INSERT OR REPLACE INTO counter VALUES (?, ?)', identityId, value);
      }
    },
    forget() {
      read.clear();
      changed.clear();
    },
  };
}
