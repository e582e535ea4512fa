// Why a PostgreSQL does not keep our store, for who has to do something about it: it is away, which may pass, or it does not let us in.

import { ServerUnfit, StoreAway } from '../engine-errors.ts';
import { NoPassword } from './client.ts';
import { NotReplicated } from './replication.ts';
import { ConnectionLost, type PostgresServer, SqlError } from './connection.ts';

/** `error`: of the opening. Any other kind stays as it is. */
export function asStoreError(
  error: unknown,
  { user, database }: Pick<PostgresServer, 'user' | 'database'>,
): unknown {
  const options = { cause: error };
  if (error instanceof ConnectionLost || error instanceof NotReplicated)
    return new StoreAway(error.message, options);
  if (!(error instanceof SqlError)) return error;
  const { code, message } = error;
  const unfit = (words: string): ServerUnfit => new ServerUnfit(words, options);
  if (error.cause instanceof NoPassword)
    return unfit(
      `PostgreSQL does not let user "${user}" in: ${message}: write it as \`store.postgres.password\` (a text, { file: PATH } or { env: NAME }), or into PGPASSWORD for a place that a command line names`,
    );
  if (code.startsWith('28'))
    return unfit(
      `PostgreSQL does not let user "${user}" in: ${message}: look at user and password in \`store.postgres\`, and at pg_hba.conf of the server`,
    );
  if (code === '3D000')
    return unfit(`${message}: make it by CREATE DATABASE "${database}" OWNER "${user}" ENCODING 'UTF8'`);
  if (code === '42501')
    return unfit(
      `user "${user}" may not keep a store in database "${database}": ${message}: is \`store.postgres.user\` right? It must own the tables, or have the rights of \`postern store roles\``,
    );
  return error;
}
