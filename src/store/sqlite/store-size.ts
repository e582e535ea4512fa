// What a copy of the store takes: the database with its log, and the bodies beside it.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bodyIds, bodyPath } from './bodies.ts';
import { STORE_FILE } from './schema.ts';

/** Octets, as of now. One file after the other: commits go on meanwhile. */
export async function octetsOfStore(dataDirectory: string): Promise<number> {
  const store = join(dataDirectory, STORE_FILE);
  const files = [store, `${store}-wal`, ...bodyIds(dataDirectory).map((id) => bodyPath(dataDirectory, id))];
  let octets = 0;
  for (const file of files)
    octets += await stat(file).then(
      ({ size }) => size,
      () => 0,
    );
  return octets;
}
