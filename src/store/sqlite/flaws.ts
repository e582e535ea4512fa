// Why a server could not be started on the store of a data directory, of what is known without changing it.

import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { failureInWords } from '../../base/failure-words.ts';
import { UNFINISHED } from '../engine-errors.ts';
import { openDatabase } from './database.ts';
import { isCopying } from './open.ts';
import { assertKnown, STORE_FILE } from './schema.ts';

/** A sentence each, with the way out. */
export function flawsIn(directory: string): readonly string[] {
  const file = join(directory, STORE_FILE);
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return [];
  try {
    const db = openDatabase(file, { readOnly: true });
    try {
      assertKnown(db);
      return isCopying(db) ? [`${directory} ${UNFINISHED}`] : [];
    } finally {
      db.close();
    }
  } catch (error) {
    return [failureInWords(error)];
  }
}
