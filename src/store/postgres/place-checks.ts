// What the tables must be like, and the schema that they are in, before mail is trusted to them: nobody else may put anything beside them that our statements would
// take for ours, and a crash must empty none of them.

import { ServerUnfit } from '../engine-errors.ts';
import { text } from '../row.ts';
import type { Connection } from './connection.ts';
import { rules } from './rights.ts';

/** Roles that may put a table, a function or an operator beside ours, and own neither the schema nor the tables. NULL: everybody. */
const STRANGERS = `SELECT DISTINCT n.nspname::text AS schema, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END AS who
  FROM pg_namespace n, LATERAL aclexplode(n.nspacl) AS a
  WHERE n.nspname = ANY (current_schemas(false)) AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner
    AND a.grantee <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
    AND a.grantee <> coalesce((SELECT relowner FROM pg_class WHERE oid = to_regclass('schema_version')), 0::oid)
  ORDER BY 1, 2`;

/** Wrong secrets that were counted may be forgotten in a crash. */
const MAY_BE_LOST = 'guess';

const LOST = `SELECT c.relname::text AS name FROM pg_class c JOIN pg_class v ON v.oid = to_regclass('schema_version')
  WHERE c.relnamespace = v.relnamespace AND c.relkind IN ('r', 'p', 'S') AND c.relpersistence = 'u'
    AND (SELECT r.relname FROM pg_class r WHERE r.oid = coalesce(pg_partition_root(c.oid), c.oid)) = ANY ($1::text[]) ORDER BY 1`;

/** Rejects with `ServerUnfit`. */
export async function assertPlace(connection: Pick<Connection, 'query'>): Promise<void> {
  const flaws = await placeFlaws(connection);
  if (flaws.length > 0) throw new ServerUnfit(`the store can't be kept there: ${flaws.join('; ')}`);
}

/** A sentence each, with the way out. */
export async function placeFlaws(connection: Pick<Connection, 'query'>): Promise<readonly string[]> {
  const { rows: strangers } = await connection.query(STRANGERS);
  const names = [...Object.keys(rules), 'message_n', 'event_place'].filter((name) => name !== MAY_BE_LOST);
  const { rows: lost } = await connection.query(LOST, names);
  return [
    ...strangers.map((row) => {
      const [schema, who] = [text(row, 'schema'), text(row, 'who')];
      const named = who === 'PUBLIC' ? who : `"${who}"`;
      return `${who} may create in schema ${schema}, and could put something of its own beside our tables: REVOKE CREATE ON SCHEMA "${schema}" FROM ${named}`;
    }),
    ...lost.map((row) => {
      const name = text(row, 'name');
      return `${name} is UNLOGGED, and empty after a crash: ALTER ${name.endsWith('_n') || name === 'event_place' ? 'SEQUENCE' : 'TABLE'} "${name}" SET LOGGED`;
    }),
  ];
}
