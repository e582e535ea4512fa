// A step of the migration: counters were JSON under the text of an identity.

import type { Counter } from '../../policy/limits.ts';
import { packedCounter } from '../counter-row.ts';
import { number, text } from '../row.ts';
import { type Database } from './database.ts';

export function packCounters(db: Database): void {
  db.exec(`
    ALTER TABLE counter RENAME TO old_counter;
    CREATE TABLE identity_number (n INTEGER PRIMARY KEY, identity_id TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE counter (n INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT;
    INSERT INTO identity_number (identity_id) SELECT identity_id FROM old_counter;
  `);
  for (const row of db.all('SELECT n, value FROM old_counter JOIN identity_number USING (identity_id)'))
    db.run(
      'INSERT INTO counter VALUES (?, ?)',
      number(row, 'n'),
      packedCounter(JSON.parse(text(row, 'value')) as Counter),
    );
  db.exec('DROP TABLE old_counter');
}
