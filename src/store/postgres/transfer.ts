// PostgreSQL as the source and as the target of a copy (`copy-marks.ts`), over one connection that waits as long as it takes.

import type { MessageId } from '../../base/message-id.ts';
import { systemClock } from '../../platform/clock.ts';
import { StoreLocked } from '../engine-errors.ts';
import type { Stage } from '../port.ts';
import { number, text } from '../row.ts';
import { type Copied, type KeptRows, type Page, stageBodies, type Transfer } from '../transfer.ts';
import { removeBody } from './bodies.ts';
import { connect, type Connection, type PostgresServer } from './connection.ts';
import { writers } from './copied-rows.ts';
import { assertFinished, beginCopy, endCopy, noteOf, progressOf } from './copy-marks.ts';
import { countsOf, rowsOf } from './kept-rows.ts';
import { openPostgresLookups } from './open.ts';
import { asStoreError } from './refusals.ts';
import { migrate } from './schema.ts';
import { assertFit } from './server-checks.ts';
import { inTransaction, type Sql, sqlOver } from './sql.ts';
import { isInTheWay } from './sql-states.ts';
import { stageOver } from './stages.ts';
import { indexSlice } from './term-index.ts';
import { beginTrail } from './trail.ts';

/** `isTrusted`: settings of the server are not looked at. */
export function postgresTransfer(
  server: PostgresServer,
  { isTrusted = false }: { readonly isTrusted?: boolean } = {},
): Transfer {
  return {
    source: () =>
      over(server, async (connection) => {
        const sql = sqlOver(connection);
        const made = await sql.get("SELECT to_regclass('schema_version') IS NOT NULL AS is");
        if (made?.['is'] !== true) throw new Error(`there is no store in the database ${server.database}`);
        await migrate(connection);
        await assertAlone(connection);
        await assertFinished(sql);
        return keptIn(server, connection);
      }),
    target: (origin) =>
      over(server, async (connection) => {
        if (!isTrusted) await assertFit(connection, server.isReplicated === true);
        await migrate(connection);
        await assertAlone(connection);
        await beginCopy(connection, origin);
        return { ...keptIn(server, connection), ...copiedInto(connection) };
      }),
  };
}

async function over<T>(server: PostgresServer, open: (connection: Connection) => Promise<T>): Promise<T> {
  let connection: Connection | undefined;
  try {
    connection = await connect(server, { clock: systemClock });
    return await open(connection);
  } catch (error) {
    await connection?.close();
    throw asStoreError(error, server);
  }
}

/** By the clock of the database. */
const ALIVE = `SELECT node, until - (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS left FROM life
  WHERE state = 'alive' AND until > extract(epoch FROM clock_timestamp()) * 1000 ORDER BY until DESC LIMIT 1`;
const COPYING = 0x636f7079;

/** Another copy is kept out as long as this connection lives. Rejects with `StoreLocked`. */
async function assertAlone(connection: Connection): Promise<void> {
  const sql = sqlOver(connection);
  const alive = await sql.get(ALIVE);
  if (alive !== undefined) {
    const seconds = Math.ceil(number(alive, 'left') / 1000);
    throw new StoreLocked(
      `node ${text(alive, 'node')} works on it, or did a moment ago: stop all nodes, and try again in ${seconds} s`,
    );
  }
  try {
    await sql.get('SELECT pg_advisory_lock($1)', COPYING);
  } catch (error) {
    if (!isInTheWay(error)) throw error;
    throw new StoreLocked('another copy is at work on this database: one at a time', { cause: error });
  }
}

function keptIn(server: PostgresServer, connection: Connection): KeptRows {
  const lookups = openPostgresLookups({ server, clock: systemClock, awayMsMax: 0 });
  const sql = sqlOver(connection);
  const rows = rowsOf(sql, lookups);
  return {
    lookups,
    counts: async () => countsOf(sql, (await lookups.chains()).length),
    read: (kind, asked) => rows[kind](asked),
    async close() {
      lookups.close();
      await connection.close();
    },
  };
}

/** Of the server's own it would warn that we may not, and after a warning nobody knows what a connection has done. */
const OWN_TABLES =
  'SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = current_schema() AND tableowner = current_user';

/** Indexed in one transaction. */
const INDEX_EVENTS = 5_000;

const UNINDEXED = `SELECT c.id, c.indexed FROM chain c
  WHERE NOT c.closed AND EXISTS (SELECT 1 FROM event e WHERE e.chain = c.id AND e.sequence > c.indexed) ORDER BY c.id LIMIT 1`;

function copiedInto(connection: Connection): Omit<Copied, keyof KeptRows> {
  const sql = sqlOver(connection);
  return {
    progress: (kind) => progressOf(sql, kind),
    async write(kind, page, bodyOf) {
      if (kind === 'message')
        await stageBodies(page as Page<'message'>, bodyOf, (id) => emptyStage(connection, id));
      await connection.flush([...writers[kind](page.rows), noteOf(kind, page)]);
    },
    async index() {
      const chain = await sql.get(UNINDEXED);
      if (chain === undefined) return 0;
      const from = number(chain, 'indexed');
      return (await indexSlice(connection, { chain: number(chain, 'id'), from, max: INDEX_EVENTS })) - from;
    },
    async finish(event, entropy) {
      await inTransaction(connection, async (transaction) => {
        await endChains(transaction);
        const trail = await beginTrail(transaction, 'copy', event.time, entropy);
        trail.append(event);
        const statement = trail.statement();
        if (statement !== undefined) await transaction.run(statement.sql, ...statement.values);
        await endCopy(transaction);
      });
      // Else the server would find out by itself only after a while.
      const tables = await sql.all(OWN_TABLES);
      await connection.exec(`ANALYZE ${tables.map((row) => text(row, 'name')).join(', ')}`);
    },
  };
}

/** All that were copied are indexed, and nobody writes to them any more. New ones come after them. */
async function endChains(sql: Sql): Promise<void> {
  await sql.run('UPDATE chain SET closed = true');
  await sql.get(
    "SELECT setval(pg_get_serial_sequence('chain', 'id'), coalesce(max(id), 0) + 1, false) FROM chain",
  );
}

async function emptyStage(connection: Connection, id: MessageId): Promise<Stage> {
  await removeBody(sqlOver(connection), id);
  return stageOver(connection, id);
}
