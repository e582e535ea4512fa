// What a server must be like before mail is trusted to it. Everything else is a matter of speed.

import { ServerUnfit, StoreTooNew } from '../engine-errors.ts';
import { number, type Row, text } from '../row.ts';
import { tooNewBecause, versionOf, versionStatement } from './migration.ts';
import { assertReplicated, NOT_REPLICATED } from './replication.ts';
import { type Connection, type Statement, SqlError } from './connection.ts';

/** The oldest that is tested. */
const OLDEST = 15;

/** Rejects with `ServerUnfit`, and with `NotReplicated`, which may pass. */
export async function assertFit(connection: Connection, isReplicated: boolean): Promise<void> {
  const { rows } =
    await connection.query(`SELECT current_setting('server_version_num')::int AS version, current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes, current_setting('server_encoding') AS server_encoding,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('default_transaction_isolation') AS isolation`);
  const [row = {}] = rows;
  const version = Math.floor(number(row, 'version') / 10_000);
  const flaws = [
    ...(version < OLDEST ? [`it is version ${version}: install PostgreSQL ${OLDEST} or later`] : []),
    ...syncFlaws(row),
    ...(text(row, 'server_encoding') === 'UTF8'
      ? []
      : [`the database has the encoding ${text(row, 'server_encoding')}: make it with ENCODING 'UTF8'`]),
    ...(text(row, 'synchronous_commit') === 'on' && text(row, 'isolation') === 'read committed'
      ? []
      : [
          'the session has not the settings that it asked for (synchronous_commit, default_transaction_isolation): connect to the server itself, through no pooler, and look for a login trigger that changes them',
        ]),
    ...((await undoesWhole(connection))
      ? []
      : ['it keeps half of what failed: this engine speaks the protocol of PostgreSQL, and is another']),
  ];
  if (flaws.length > 0) throw new ServerUnfit(`PostgreSQL can't keep the store: ${flaws.join('; ')}`);
  if (isReplicated) await assertReplicated(connection);
}

const STANDING: Statement = {
  sql: `SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_standby_names') <> '' AS replicated`,
  values: [],
};

/** What may be changed under a running server: why nothing may be accepted now. Rejects with `StoreTooNew`. */
export async function flawNow(connection: Connection, isReplicated: boolean): Promise<string | undefined> {
  const [settings, schema] = await connection.flush([STANDING, versionStatement]);
  const because = tooNewBecause(versionOf(schema?.rows[0] ?? {}));
  if (because !== undefined) throw new StoreTooNew(because);
  const [row = {}] = settings?.rows ?? [];
  const off = syncFlaws(row);
  if (off.length > 0) return `PostgreSQL can't keep what it is told: ${off.join('; ')}`;
  return isReplicated && row['replicated'] !== true ? NOT_REPLICATED : undefined;
}

function syncFlaws(row: Row): readonly string[] {
  return (['fsync', 'full_page_writes'] as const).flatMap((setting) =>
    text(row, setting) === 'on'
      ? []
      : [`${setting} is off: set it to on, or a power cut loses mail that was accepted`],
  );
}

/** Several engines that speak the protocol kept what stood before the statement that failed. */
async function undoesWhole(connection: Connection): Promise<boolean> {
  await connection.exec('CREATE TEMPORARY TABLE postern_probe (n int)');
  const half: readonly Statement[] = [
    { sql: 'INSERT INTO postern_probe VALUES ($1)', values: [1] },
    { sql: 'SELECT 1 / $1::int', values: [0] },
  ];
  await connection.flush(half).catch((error: unknown) => {
    if (!(error instanceof SqlError)) throw error;
  });
  const { rows } = await connection.query('SELECT count(*) AS count FROM postern_probe');
  await connection.exec('DROP TABLE postern_probe');
  return number(rows[0] ?? {}, 'count') === 0;
}
