// Recipients by their keys, as statements take them: two arrays, in the order of the key, so that two who take the same ones never wait for each other in a circle.

import { type Row, bytes, number } from '../row.ts';
import { uuidOf } from './value-types.ts';

/** Of a row of `recipient`. */
export interface RecipientKey {
  /** As hexadecimal digits. */
  readonly messageId: string;
  readonly number: number;
}

export function keyOfRow(row: Row): RecipientKey {
  return { messageId: uuidOf(bytes(row, 'message_id')), number: number(row, 'number') };
}

/** As rows are locked. */
export function inOrder<K extends RecipientKey>(keys: readonly K[]): readonly K[] {
  return keys.toSorted((one, other) =>
    one.messageId === other.messageId ? one.number - other.number : one.messageId < other.messageId ? -1 : 1,
  );
}

/** As the values `$1` and `$2` of `taken`. */
export function keyValues(keys: readonly RecipientKey[]): readonly [readonly string[], readonly number[]] {
  const sorted = inOrder(keys);
  return [sorted.map(({ messageId }) => messageId), sorted.map((key) => key.number)];
}

/** The recipients of the keys `$1` and `$2`, locked until the end of the transaction one after the other, as they stand now. */
export const taken = (lock: 'FOR UPDATE' | 'FOR UPDATE SKIP LOCKED'): string => `
  WITH taken AS MATERIALIZED (
    SELECT r.* FROM unnest($1::uuid[], $2::int[]) AS k (message_id, number), LATERAL (
      SELECT r.message_id, r.number, r.identity_id, r.due_at, r.held, r.owner, r.claim, r.attempt FROM recipient r
        WHERE r.message_id = k.message_id AND r.number = k.number ${lock}
    ) AS r
  )`;

/**
 * In a statement that changes `recipient r`: those alone, by their keys; what else must be true is asked of `taken`. A plain equality could be gone through from either
 * side, and of a queue that PostgreSQL takes for empty it goes through all that has not been cleared away.
 */
export const OF_TAKEN =
  'FROM taken WHERE r.message_id = ANY(ARRAY[taken.message_id]) AND r.number = taken.number';
