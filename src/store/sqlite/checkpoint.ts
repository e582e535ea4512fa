// Checkpoints of the log (SQLite's WAL) outside the commits: another connection copies pages into the database while commits go on; the writer
// copies the few that came meanwhile, and the log restarts. A log that grew large without help is checkpointed in a commit.

import { join } from 'node:path';
import { openSyncWitness, type SyncWitness } from '../../platform/disk.ts';
import { troubleOf } from '../../platform/sqlite-trouble.ts';
import { type Database, openDatabase } from './database.ts';
import { STORE_FILE } from './schema.ts';

/** Changes between two, or octets of content: about sixteen mebioctets of log. */
const CHANGES = 2_000;
const CONTENT_OCTETS = 8 * 1024 * 1024;
/** Pages in the log at which SQLite checkpoints inside a commit, because no helper did for long. */
export const PAGES_WITHOUT_HELP = 16_000;

/** On a full disk the log stays as it is, and whole: the next changes ask again. */
function copyHome(db: Database, witness: SyncWitness): void {
  try {
    db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch (error) {
    if (troubleOf(error) !== 'full') throw error;
  }
  // SQLite will overwrite the log, trusting its syncs of the database: the witness checks that they held.
  witness.confirm();
}

/** The helper's connection: each call copies the present log into the database. */
export function openCheckpointer(dataDirectory: string): () => void {
  const db = openDatabase(join(dataDirectory, STORE_FILE));
  db.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -1024');
  const witness = openSyncWitness(dataDirectory);
  return () => copyHome(db, witness);
}

export interface Checkpoints {
  committed(changes: number, contentOctets: number): void;
  /** The other connection is done: little is left to copy. */
  written(): void;
}

/** Asks the helper when a checkpoint is due. Without a helper SQLite checkpoints by itself. */
export function watchLog(db: Database, witness: SyncWitness, ask: (() => void) | undefined): Checkpoints {
  let changes = 0;
  let octets = 0;
  let asked = false;
  if (ask !== undefined) db.exec(`PRAGMA wal_autocheckpoint = ${PAGES_WITHOUT_HELP}`);
  return {
    committed(count, contentOctets) {
      changes += count;
      octets += contentOctets;
      if (ask === undefined || asked || (changes < CHANGES && octets < CONTENT_OCTETS)) return;
      asked = true;
      changes = 0;
      octets = 0;
      ask();
    },
    written() {
      asked = false;
      copyHome(db, witness);
    },
  };
}
