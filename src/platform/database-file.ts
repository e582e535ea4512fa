// A database of SQLite that lies where its path says. SQLite resolves a link by itself before it opens what that leads to, and who owns the directory
// may put one there after any look: so SQLite makes no file, and says afterwards what it opened.

import { closeSync, openSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync, type DatabaseSyncOptions } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { assertNoLink, linkInTheWay } from './directory-unusable.ts';

/** Made if it is not there, but for who only reads. What SQLite keeps beside it is by its name, and it follows no link there. */
export function openDatabaseFile(path: string, options: DatabaseSyncOptions = {}): DatabaseSync {
  // The directory itself may be named by a link: that is the operator's word.
  const place = join(realpathSync(dirname(path)), basename(path));
  const url = pathToFileURL(place);
  if (options.readOnly !== true) {
    makeFile(place);
    url.searchParams.set('mode', 'rw');
  }
  const file = open(url, place, options);
  // Nothing was read or written yet.
  if (file.location() === place) return file;
  file.close();
  throw linkInTheWay(path);
}

function makeFile(place: string): void {
  try {
    closeSync(openSync(place, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
}

function open(url: URL, place: string, options: DatabaseSyncOptions): DatabaseSync {
  try {
    return new DatabaseSync(url, options);
  } catch (error) {
    assertNoLink(place);
    throw error;
  }
}
