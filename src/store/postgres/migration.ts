// Which version the tables have, whom that serves, and how they are brought forward. Version N serves code that knows N or N-1, so that nodes are upgraded one after the
// other: the tables first, by their owner. Code that knows a later version than the tables have waits for nobody: it brings them forward, or says who may.

import type { Clock, Entropy } from '../../platform/platform.ts';
import { ownVersion } from '../../platform/own-version.ts';
import { ServerUnfit, StoreTooNew } from '../engine-errors.ts';
import { number, optionalText, type Row, text } from '../row.ts';
import { connect, type Connection, type PostgresServer, type Statement } from './connection.ts';
import { recordApart, type StoreActor } from './record-apart.ts';
import { breaking, steps } from './schema.ts';
import { sqlOver } from './sql.ts';
import { isInTheWay, isNotPermitted, isThereAlready } from './sql-states.ts';

/** What a code knows of the tables. */
export interface Steps {
  /** One step is one version. */
  readonly steps: readonly string[];
  /** Versions on which code of the version before must not work. */
  readonly breaking: ReadonlySet<number>;
}

const own: Steps = { steps, breaking };

/** Version of the tables that this code works with. */
export const KNOWN = own.steps.length;

/** Code that knows an older version must not work on what these steps make. */
function oldestCodeOf({ steps: { length }, breaking: alone }: Steps): number {
  return alone.has(length) ? length : Math.max(1, length - 1);
}

export interface Schema {
  /** 0: there are no tables. */
  readonly version: number;
  readonly oldestCode: number;
  /** The Postern that brought them here; undefined: it did not say. */
  readonly madeBy: string | undefined;
  /** Where they are, or would be made. */
  readonly schema: string;
  /** Who may bring them forward. */
  readonly owner: string;
  /** We may act as the owner, or may make tables where there are none. */
  readonly isOurs: boolean;
  /** We. */
  readonly role: string;
  readonly database: string;
}

const LOOK = `SELECT current_schema() AS here, current_user AS role, current_database() AS database,
    n.nspname::text AS there, pg_get_userbyid(coalesce(c.relowner, h.nspowner)) AS owner,
    CASE WHEN c.oid IS NULL THEN has_schema_privilege(h.oid, 'CREATE') ELSE pg_has_role(c.relowner, 'MEMBER') END AS ours
  FROM (SELECT 1) AS one LEFT JOIN pg_class c ON c.oid = to_regclass('schema_version') LEFT JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_namespace h ON h.nspname = current_schema()`;
/** Columns that it may not have yet. */
export const versionStatement: Statement = {
  sql: "SELECT version, to_jsonb(s) ->> 'oldest_code' AS oldest, to_jsonb(s) ->> 'made_by' AS made_by FROM schema_version s ORDER BY version DESC LIMIT 1",
  values: [],
};

type Version = Pick<Schema, 'version' | 'oldestCode' | 'madeBy'>;

/** `row`: of `versionStatement`; empty: there are no tables. */
export function versionOf(row: Row): Version {
  const version = row['version'] === undefined ? 0 : number(row, 'version');
  const oldest = optionalText(row, 'oldest');
  return {
    ...{ version, oldestCode: oldest === undefined ? version : Number(oldest) },
    madeBy: optionalText(row, 'made_by'),
  };
}

/** Rejects with `ServerUnfit` if it is not clear which tables are meant. */
export async function schemaIn(connection: Pick<Connection, 'query'>): Promise<Schema> {
  const [row = {}] = (await connection.query(LOOK)).rows;
  assertInPlace(row);
  const isMade = optionalText(row, 'there') !== undefined;
  const [made = {}] = isMade ? await readVersion(connection, row) : [];
  return {
    ...versionOf(made),
    ...{ schema: text(row, 'here'), owner: text(row, 'owner'), isOurs: row['ours'] === true },
    ...{ role: text(row, 'role'), database: text(row, 'database') },
  };
}

async function readVersion(connection: Pick<Connection, 'query'>, row: Row): Promise<readonly Row[]> {
  try {
    return (await connection.query(versionStatement.sql)).rows;
  } catch (error) {
    if (!isNotPermitted(error)) throw error;
    const [role, owner] = [text(row, 'role'), text(row, 'owner')];
    throw new ServerUnfit(
      `user "${role}" has no rights on the tables in database "${text(row, 'database')}", which belong to "${owner}": is \`store.postgres.user\` right? Log in as "${owner}", or as a user with the rights of \`postern store roles\``,
      { cause: error },
    );
  }
}

/** Else a schema that was made since, and comes first in `search_path`, would get an empty store: accounts and mail would be out of sight. */
function assertInPlace(row: Row): void {
  const [here, there] = [optionalText(row, 'here'), optionalText(row, 'there')];
  const byHand = (schema: string): string =>
    `ALTER ROLE "${text(row, 'role')}" IN DATABASE "${text(row, 'database')}" SET search_path = "${schema}"`;
  if (here === undefined)
    throw new ServerUnfit(`search_path names no schema that is there: say where by ${byHand('public')}`);
  if (there !== undefined && there !== here)
    throw new ServerUnfit(
      `the tables are in schema ${there}, and ${here} comes before it in search_path: say which is meant by ${byHand(there)}`,
    );
}

/** Why code that knows this version must not work on these tables; undefined: it may, or they have to be brought forward first. */
export function tooNewBecause({ version, oldestCode, madeBy }: Version, known = KNOWN): string | undefined {
  if (version <= known || oldestCode <= known) return undefined;
  const install = madeBy === undefined ? 'that version' : `Postern ${madeBy} or later`;
  return `the database was written by a newer Postern (schema ${version}, this one knows ${known}): install ${install}`;
}

/** It serves this code, or this user may bring it forward. */
function assertServes(schema: Schema, known: number): void {
  const { version, isOurs, owner } = schema;
  const because = tooNewBecause(schema, known);
  if (because !== undefined) throw new StoreTooNew(because);
  if (version > 0 && version < known && !isOurs)
    throw new ServerUnfit(
      `the tables have schema ${version}, and this Postern needs ${known}: let their owner "${owner}" bring them forward by \`postern store migrate\`, with a configuration whose \`store.postgres\` names that user`,
    );
  if (version === 0 && !isOurs)
    throw new ServerUnfit(
      `there are no tables, and the user may make none in schema "${schema.schema}": are user and database in \`store.postgres\` right? A store in a new database needs its owner: ALTER DATABASE "${schema.database}" OWNER TO "${schema.role}"`,
    );
}

export interface Migrated {
  /** 0: the tables were made. */
  readonly from: number;
  readonly to: number;
}

/**
 * Brings the tables forward, or makes them, if that is needed. Several who begin at once wait for each other. `connection`: one that waits for answers as long as it
 * takes. `actor`: whom a record tells of in the same transaction; absent: nothing is told. Rejects with `StoreTooNew`, and with `ServerUnfit` if only another role may.
 */
export async function migrate(
  connection: Connection,
  { to = own, actor }: { readonly to?: Steps; readonly actor?: StoreActor } = {},
): Promise<Migrated> {
  const known = to.steps.length;
  const found = await schemaIn(connection);
  assertServes(found, known);
  if (found.version >= known) return { from: found.version, to: found.version };
  if (found.version === 0) await makeRegister(connection);
  return bringForward(connection, to, actor);
}

/** Rejects as `migrate` would, and changes nothing. */
export async function assertCouldMigrate(connection: Pick<Connection, 'query'>): Promise<Schema> {
  const found = await schemaIn(connection);
  assertServes(found, KNOWN);
  return found;
}

/** If the tables are not as this code needs them, over a connection of its own: a step may take longer than an answer may. */
export async function migrateIfNeeded(
  connection: Connection,
  server: PostgresServer,
  { clock, entropy, name }: { readonly clock: Clock; readonly entropy: Entropy; readonly name: string },
): Promise<void> {
  const found = await schemaIn(connection);
  if (found.version >= KNOWN) return assertServes(found, KNOWN);
  const patient = await connect(server, { clock });
  try {
    // Of a store that begins, its first events tell.
    const isThere = found.version > 0;
    await migrate(patient, isThere ? { actor: { by: `writer ${name}`, now: clock.now(), entropy } } : {});
  } finally {
    await patient.close();
  }
}

async function makeRegister(connection: Connection): Promise<void> {
  await connection
    .exec('CREATE TABLE IF NOT EXISTS schema_version (version int NOT NULL)')
    .catch((error: unknown) => {
      if (!isThereAlready(error)) throw error;
    });
}

/** Tables that are in use are tried for again: a step that waited for a lock would keep everybody from its table meanwhile. */
const TRIES = 30;
const AGAIN_SECONDS = 1;

async function bringForward(
  connection: Connection,
  to: Steps,
  actor: StoreActor | undefined,
): Promise<Migrated> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await allSteps(connection, to, actor);
    } catch (error) {
      if (connection.lost !== undefined || !isInTheWay(error)) throw error;
      if (tries === TRIES)
        throw new ServerUnfit(
          'the tables are in use without a pause, and could not be brought forward: look for long transactions in pg_stat_activity, and try again',
          { cause: error },
        );
      await connection.query('SELECT pg_sleep($1)', AGAIN_SECONDS);
    }
  }
}

async function allSteps(connection: Connection, to: Steps, actor: StoreActor | undefined): Promise<Migrated> {
  const known = to.steps.length;
  await connection.exec('BEGIN');
  try {
    // What is made now belongs to whom the rest belongs to.
    await connection.query(AS_OWNER);
    // Not an advisory lock: whoever may connect to the database could hold that, and keep every node from starting.
    await connection.exec("SET LOCAL lock_timeout = '60s'; LOCK TABLE schema_version IN EXCLUSIVE MODE");
    await connection.exec("SET LOCAL lock_timeout = '2s'");
    const found = await schemaIn(connection);
    assertServes(found, known);
    for (const step of to.steps.slice(found.version)) await connection.exec(step);
    const migrated = { from: found.version, to: Math.max(found.version, known) };
    if (found.version < known) {
      await note(connection, known, oldestCodeOf(to));
      if (actor !== undefined) await recordApart(sqlOver(connection), actor, 'store migrate', migrated);
    }
    await connection.exec('COMMIT');
    return migrated;
  } catch (error) {
    if (connection.lost === undefined) await connection.exec('ROLLBACK');
    throw error;
  }
}

/** Until the end of the transaction, if we may. */
export const AS_OWNER = `SELECT set_config('role', pg_get_userbyid(relowner), true) FROM pg_class
  WHERE oid = to_regclass('schema_version') AND pg_get_userbyid(relowner) <> current_user`;

async function note(connection: Connection, version: number, oldestCode: number): Promise<void> {
  await connection.exec(
    'ALTER TABLE schema_version ADD COLUMN IF NOT EXISTS oldest_code int NOT NULL DEFAULT 1, ADD COLUMN IF NOT EXISTS made_by text',
  );
  await connection.query('DELETE FROM schema_version');
  await connection.query(
    'INSERT INTO schema_version (version, oldest_code, made_by) VALUES ($1, $2, $3)',
    ...[version, oldestCode, ownVersion()],
  );
}
