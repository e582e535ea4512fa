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

/** As the values `$1` and `$2` of `takenWhere`. */
export function keyValues(keys: readonly RecipientKey[]): readonly [readonly string[], readonly number[]] {
  return [keys.map(({ messageId }) => messageId), keys.map((key) => key.number)];
}

/** The recipients of the keys `$1` and `$2` of which `where` is still true, locked until the end of the transaction, as `taken`. */
export const takenWhere = (
  where: string,
  lock: 'FOR UPDATE OF r' | 'FOR UPDATE OF r SKIP LOCKED',
): string => `
  WITH taken AS MATERIALIZED (
    SELECT r.message_id, r.number FROM unnest($1::uuid[], $2::int[]) AS k (message_id, number)
      JOIN recipient r ON r.message_id = k.message_id AND r.number = k.number
      WHERE ${where} ORDER BY r.message_id, r.number ${lock}
  )`;

/** In a statement that changes `recipient r`: those alone. */
export const OF_TAKEN = 'FROM taken WHERE r.message_id = taken.message_id AND r.number = taken.number';
