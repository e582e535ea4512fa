// Shared keys, as they were proposed first.

import type { OutcomeOf } from '../port.ts';
import { bytes, optionalBytes } from '../row.ts';
import type { SharedKeyChange, SharedKeyName } from '../shared-key.ts';
import type { Work } from './change.ts';
import type { Sql } from './sql.ts';

/** Two who propose at once wait for each other. To do nothing in case of a conflict would also give nothing to the second. */
const PROPOSE = `INSERT INTO shared_key (purpose, period, key) VALUES ($1, $2, $3)
  ON CONFLICT (purpose, period) DO UPDATE SET period = excluded.period RETURNING key`;

export async function sharedKey(
  { sql }: Work,
  { purpose, period, proposedKey }: SharedKeyChange,
): Promise<OutcomeOf<SharedKeyChange>> {
  const row = await sql.get(PROPOSE, purpose, period, proposedKey);
  return { type: 'key', key: bytes(row ?? {}, 'key') };
}

export async function keyOf(sql: Sql, { purpose, period }: SharedKeyName): Promise<Uint8Array | undefined> {
  const row = await sql.get('SELECT key FROM shared_key WHERE purpose = $1 AND period = $2', purpose, period);
  return optionalBytes(row ?? {}, 'key');
}
