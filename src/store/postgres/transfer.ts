// PostgreSQL as the source and as the target of a copy (`copy-marks.ts`), over one connection that waits as long as it takes.

import type { MessageId } from '../../base/message-id.ts';
import { systemClock } from '../../platform/clock.ts';
import { StoreLocked, StoreTooNew } from '../engine-errors.ts';
import type { Stage } from '../port.ts';
import { number, text } from '../row.ts';
import { type Copied, type KeptRows, type Page, stageBodies, type Transfer } from '../transfer.ts';
import { removeBody } from './bodies.ts';
import type { Connection, PostgresServer } from './connection.ts';
import { type Connections, withConnections } from './connections.ts';
import { writers } from './copied-rows.ts';
import { assertFinished, beginCopy, endCopy, isBegun, noteOf, progressOf } from './copy-marks.ts';
import { countsOf, rowsOf } from './kept-rows.ts';
import { openPostgresLookups } from './open.ts';
import { asStoreError } from './refusals.ts';
import { assertCouldMigrate, KNOWN, migrate } from './migration.ts';
import { assertFit } from './server-checks.ts';
import { inTransaction, type Sql, sqlOver } from './sql.ts';
import { isInTheWay } from './sql-states.ts';
import { stageOver } from './stages.ts';
import { indexSlice } from './term-index.ts';
import { beginTrail } from './trail.ts';

/** Between two rows of one transaction the other end is waited for. */
const PATIENT = { clock: systemClock, settings: { idle_in_transaction_session_timeout: '0' } };

/** `isTrusted`: settings of the server are not looked at. */
export function postgresTransfer(
  server: PostgresServer,
  { isTrusted = false }: { readonly isTrusted?: boolean } = {},
): Transfer {
  return {
    source: () =>
      over(server, async (connections) => {
        const connection = await connections.open(PATIENT);
        const sql = sqlOver(connection);
        const made = await sql.get("SELECT to_regclass('schema_version') IS NOT NULL AS is");
        if (made?.['is'] !== true) throw new Error(`there is no store in the database ${server.database}`);
        await migrateForCopy(connection);
        await assertAlone(connection);
        await keepOthersOut(connections);
        await assertFinished(sql);
        return keptIn(server, connections);
      }),
    target: (origin) =>
      over(server, async (connections) => {
        const connection = await connections.open(PATIENT);
        if (!isTrusted) await assertFit(connection, server.isReplicated === true);
        await migrateForCopy(connection);
        await assertAlone(connection);
        await keepOthersOut(connections);
        await beginCopy(connection, origin);
        return { ...keptIn(server, connections), ...copiedInto(connection) };
      }),
    assertTarget: (origin) =>
      over(server, async (connections) => {
        const connection = await connections.open({ clock: systemClock });
        if (!isTrusted) await assertFit(connection, server.isReplicated === true);
        const { version } = await assertCouldMigrate(connection);
        assertCopied(version);
        if (version > 0) {
          await assertAlone(connection);
          await keepOthersOut(connections);
          await isBegun(sqlOver(connection), origin);
        }
        await Promise.all(connections.all.map((each) => each.close()));
      }),
  };
}

/** A newer store may serve this code, and keep what this code does not know of. */
async function migrateForCopy(connection: Connection): Promise<void> {
  const { to } = await migrate(connection);
  assertCopied(to);
}

function assertCopied(version: number): void {
  if (version > KNOWN)
    throw new StoreTooNew(
      `the tables have schema ${version}, and this Postern knows ${KNOWN}: copy with the version that brought them there`,
    );
}

async function over<T>(server: PostgresServer, open: (connections: Connections) => Promise<T>): Promise<T> {
  try {
    return await withConnections(server, open);
  } catch (error) {
    throw asStoreError(error, server);
  }
}

/** By the clock of the database. */
const ALIVE = `SELECT node, until - (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS left FROM life
  WHERE state = 'alive' AND until > extract(epoch FROM clock_timestamp()) * 1000 ORDER BY until DESC LIMIT 1`;

/** Rejects with `StoreLocked`. */
async function assertAlone(connection: Connection): Promise<void> {
  const sql = sqlOver(connection);
  const alive = await sql.get(ALIVE);
  if (alive !== undefined) {
    const seconds = Math.ceil(number(alive, 'left') / 1000);
    throw new StoreLocked(
      `node ${text(alive, 'node')} works on it, or did a moment ago: stop all nodes, and try again in ${seconds} s`,
    );
  }
}

/**
 * Another copy, and whoever would bring the tables forward, for as long as this connection lives. Not an advisory lock: whoever may connect could hold that. Rejects
 * with `StoreLocked`.
 */
async function keepOthersOut(connections: Connections): Promise<void> {
  const connection = await connections.open(PATIENT);
  try {
    await connection.exec('BEGIN; LOCK TABLE schema_version IN EXCLUSIVE MODE');
  } catch (error) {
    if (!isInTheWay(error)) throw error;
    throw new StoreLocked('another copy is at work on this database: one at a time', { cause: error });
  }
}

function keptIn(server: PostgresServer, { all }: Connections): KeptRows {
  const [connection] = all;
  if (connection === undefined) throw new Error('no connection was opened');
  const lookups = openPostgresLookups({ server, clock: systemClock, awayMsMax: 0 });
  const sql = sqlOver(connection);
  const rows = rowsOf(sql, lookups);
  return {
    lookups,
    counts: async () => countsOf(sql, (await lookups.chains()).length),
    read: (kind, asked) => rows[kind](asked),
    async close() {
      lookups.close();
      await Promise.all(all.map((each) => each.close()));
    },
  };
}

/** Not that by which others are kept out. Of the server's own it would warn that we may not, and after a warning nobody knows what a connection has done. */
const OWN_TABLES =
  "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = current_schema() AND tableowner = current_user AND tablename <> 'schema_version'";

/** Indexed in one transaction: of more, the server would walk through their words for longer than it writes them. */
const INDEX_EVENTS = 1_000;

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
      if (tables.length > 0)
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
