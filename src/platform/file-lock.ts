// A lock on a file that ends with its process, however that one ends. Node takes no such lock of the system; SQLite does: the file is a database
// with nothing in it.

import { openDatabaseFile } from './database-file.ts';
import { troubleOf } from './sqlite-trouble.ts';

/** What nobody refers to any more is collected, and closed with that: a lock would end with the last reference to its release. */
const held = new Set<() => void>();

/** The release; else held as long as the process lives. Undefined: another process holds it. Throws what SQLite says against the file. */
export function lockFile(path: string): (() => void) | undefined {
  const file = openDatabaseFile(path, { timeout: 0 });
  try {
    file.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if (troubleOf(error) !== 'busy') throw error;
    return undefined;
  }
  const release = (): void => {
    held.delete(release);
    file.close();
  };
  held.add(release);
  return release;
}
