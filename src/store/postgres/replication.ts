// `durability: replicated`: a commit counts when a standby has it too. PostgreSQL sees to that while `synchronous_standby_names` names one; when nobody is named,
// commits wait for nobody, without a word. So each transaction that writes asks first.

import { type Connection, SqlError, type Statement } from './connection.ts';

/** Fails with 22012 (division by zero) if commits wait for no standby. */
export const guard: Statement = {
  sql: "SELECT 1 / (current_setting('synchronous_standby_names') <> '')::int AS replicated",
  values: [],
};

export const NOT_REPLICATED =
  'no synchronous standby confirms commits, as `durability: replicated` asks: set synchronous_standby_names on the PostgreSQL server';

/** Nothing that is written now would stand on a standby. */
export class NotReplicated extends Error {
  override readonly name = 'NotReplicated';
}

/** Rejects with `NotReplicated` if commits wait for no standby. */
export async function assertReplicated(connection: Pick<Connection, 'query'>): Promise<void> {
  try {
    await connection.query(guard.sql);
  } catch (error) {
    if (error instanceof SqlError && error.code === '22012')
      throw new NotReplicated(NOT_REPLICATED, { cause: error });
    throw error;
  }
}
