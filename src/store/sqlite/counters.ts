// The counters of sending limits. Those of who sends are kept in memory, as the table has them: a commit writes one packed row for each identity that it
// charged, under a number, and reads none.

import { type Counter, emptyCounter } from '../../policy/limits.ts';
import type { IdentityId } from '../../record/identity.ts';
import { packedCounter, unpackedCounter } from '../counter-row.ts';
import { type Database } from './database.ts';
import { bytes, number } from '../row.ts';

/** Its number and its packed counter. */
export const COUNTER =
  'SELECT i.n, c.value FROM identity_number i JOIN counter c ON c.n = i.n WHERE i.identity_id = ?';

export interface Counters {
  of(identityId: IdentityId): Counter;
  set(identityId: IdentityId, counter: Counter): void;
  /** Nothing is left of it, also of what this transaction counted. */
  drop(identityId: IdentityId): void;
  /** Before COMMIT: writes what was set. */
  write(): void;
  /** After COMMIT. */
  committed(): void;
  /** After a rollback: what is in the table counts. */
  rolledBack(): void;
}

/** Of identities, in memory: some 500 octets each. */
const KEPT_MAX = 20_000;

interface Kept {
  /** Of its row; undefined: it has none yet. */
  readonly n: number | undefined;
  readonly counter: Counter;
}

export function openCounters(db: Database, keptMax = KEPT_MAX): Counters {
  const kept = new Map<IdentityId, Kept>();
  const changed = new Set<IdentityId>();

  function find(identityId: IdentityId): Kept {
    const known = kept.get(identityId);
    if (known !== undefined) return known;
    const row = db.get(COUNTER, identityId);
    const found =
      row === undefined
        ? { n: undefined, counter: emptyCounter }
        : { n: number(row, 'n'), counter: unpackedCounter(bytes(row, 'value')) };
    kept.set(identityId, found);
    return found;
  }

  function writeOne(identityId: IdentityId): void {
    const { n, counter } = find(identityId);
    const value = packedCounter(counter);
    if (n !== undefined) {
      db.run('UPDATE counter SET value = ? WHERE n = ?', value, n);
      return;
    }
    const given = numberOf(db, identityId);
    db.run('INSERT INTO counter VALUES (?, ?)', given, value);
    kept.set(identityId, { n: given, counter });
  }

  return {
    of: (identityId) => find(identityId).counter,
    set(identityId, counter) {
      kept.set(identityId, { ...find(identityId), counter });
      changed.add(identityId);
    },
    drop(identityId) {
      kept.delete(identityId);
      changed.delete(identityId);
      db.run(
        'DELETE FROM counter WHERE n = (SELECT n FROM identity_number WHERE identity_id = ?)',
        identityId,
      );
      db.run('DELETE FROM identity_number WHERE identity_id = ?', identityId);
    },
    write() {
      for (const identityId of changed) writeOne(identityId);
    },
    committed() {
      changed.clear();
      for (const oldest of kept.keys()) {
        if (kept.size <= keptMax) return;
        kept.delete(oldest);
      }
    },
    rolledBack() {
      changed.clear();
      kept.clear();
    },
  };
}

/** By which rows about an identity are kept together: given once. */
function numberOf(db: Database, identityId: IdentityId): number {
  db.run('INSERT OR IGNORE INTO identity_number (identity_id) VALUES (?)', identityId);
  const row = db.get('SELECT n FROM identity_number WHERE identity_id = ?', identityId);
  return number(row ?? {}, 'n');
}
