// Shared keys, as they were proposed first.

import type { OutcomeOf } from '../port.ts';
import type { SharedKeyChange, SharedKeyName } from '../shared-key.ts';
import { type Database } from './database.ts';
import { optionalBytes } from '../row.ts';
import type { Writer } from './writer.ts';

export function sharedKey({ db }: Writer, change: SharedKeyChange): OutcomeOf<SharedKeyChange> {
  const { purpose, period, proposedKey } = change;
  db.run('INSERT OR IGNORE INTO shared_key VALUES (?, ?, ?)', purpose, period, proposedKey);
  return { type: 'key', key: keyOf(db, change) ?? proposedKey };
}

export function keyOf(db: Database, { purpose, period }: SharedKeyName): Uint8Array | undefined {
  const row = db.get('SELECT key FROM shared_key WHERE purpose = ? AND period = ?', purpose, period);
  return optionalBytes(row ?? {}, 'key');
}
