// How the store stands in its PostgreSQL, for who operates it: read as it is, changing nothing.

import { queuedInWords, type Recounted, type StoreStatus } from '../operations.ts';
import { number, optionalText, type Row, text } from '../row.ts';
import type { Connection } from './connection.ts';
import { KNOWN, schemaIn, tooNewBecause, type Schema } from './migration.ts';
import { nodesIn } from './node-rows.ts';
import { placeFlaws } from './place-checks.ts';
import { lookAtTotals } from './recount.ts';
import { tablesWithoutRule } from './rights.ts';
import { sqlOver } from './sql.ts';

const SIZES = `SELECT coalesce(pg_partition_root(c.oid), c.oid)::regclass::text AS name, sum(pg_total_relation_size(c.oid))::bigint AS octets,
    sum(greatest(c.reltuples, 0))::bigint AS rows
  FROM pg_class c JOIN pg_class v ON v.oid = to_regclass('schema_version')
  WHERE c.relnamespace = v.relnamespace AND c.relowner = v.relowner AND c.relkind IN ('r', 'p') GROUP BY 1 ORDER BY octets DESC, name`;

/** Of others in this database, by whatever keeps their view of the tables: those of another one keep nothing here. */
const SNAPSHOT = `SELECT pid, coalesce(usename::text, '') AS name, coalesce(application_name, '') AS application, coalesce(state, '') AS state,
    (extract(epoch FROM clock_timestamp() - coalesce(xact_start, query_start)) * 1000)::bigint AS age
  FROM pg_stat_activity WHERE (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND pid <> pg_backend_pid() AND datname = current_database() AND coalesce(xact_start, query_start) IS NOT NULL
  ORDER BY age(coalesce(backend_xmin, backend_xid)) DESC, xact_start LIMIT 1`;

const STANDBYS = `SELECT coalesce(application_name, '') AS name, state, sync_state, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::bigint AS lag
  FROM pg_stat_replication ORDER BY application_name`;
const MAY_LOOK =
  "SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS may, pg_database_size(current_database()) AS octets, version() AS server";

const TRAIL: ReadonlySet<string> = new Set(['event', 'term', 'chain', 'trail_partition']);
const QUEUE: ReadonlySet<string> = new Set([
  'inflight',
  'message',
  'content',
  'body',
  'recipient',
  'notice',
  'queue_change',
  'queue_total',
]);

export async function statusOf(connection: Connection): Promise<StoreStatus> {
  const schema = await schemaIn(connection);
  const {
    rows: [look = {}],
  } = await connection.query(MAY_LOOK);
  const tables = schema.version === 0 ? [] : (await connection.query(SIZES)).rows.map(sizeOf);
  const sum = (names: ReadonlySet<string>): number =>
    tables.reduce((octets, table) => octets + (names.has(table.name) ? table.octets : 0), 0);
  const {
    rows: [snapshot],
  } = await connection.query(SNAPSHOT);
  // Of an older store, what this code would ask for may not be there.
  const totalsOff = schema.version < KNOWN ? undefined : await lookAtTotals(connection);
  return {
    server: text(look, 'server').split(' on ')[0] ?? '',
    schema: schemaOf(schema),
    tables,
    octets: { database: number(look, 'octets'), trail: sum(TRAIL), queue: sum(QUEUE) },
    nodes: schema.version === 0 ? [] : await nodesOf(connection),
    ...(snapshot === undefined ? {} : { oldestSnapshot: snapshotOf(snapshot) }),
    ...(look['may'] === true ? { standbys: (await connection.query(STANDBYS)).rows.map(standbyOf) } : {}),
    missing: [...(await missingOf(connection, schema)), ...wrongTotals(totalsOff)],
    ...(totalsOff === undefined ? {} : { totalsOff }),
  };
}

function wrongTotals(off: Recounted | undefined): readonly string[] {
  if (off === undefined || off.messages + off.deliveries === 0) return [];
  return [
    `the totals of the queue are off by ${queuedInWords(off)}: \`postern store recount\` puts them right`,
  ];
}

function schemaOf({ version, oldestCode, madeBy, owner }: Schema): StoreStatus['schema'] {
  return { version, known: KNOWN, oldestCode, owner, ...(madeBy === undefined ? {} : { madeBy }) };
}

function sizeOf(row: Row): StoreStatus['tables'][number] {
  return {
    name: text(row, 'name').replace(/^.*\./, ''),
    octets: number(row, 'octets'),
    rows: number(row, 'rows'),
  };
}

async function nodesOf(connection: Connection): Promise<StoreStatus['nodes']> {
  const { at, lives } = await nodesIn(sqlOver(connection));
  return lives.map(({ node, state, until, facts }) => ({
    ...{ node, state: state === 'alive' && until <= at ? 'away' : state, leaseLeftMs: until - at },
    ...(facts === undefined ? {} : { version: facts.version }),
  }));
}

function snapshotOf(row: Row): NonNullable<StoreStatus['oldestSnapshot']> {
  return {
    ...{ ageMs: number(row, 'age'), processId: number(row, 'pid'), user: text(row, 'name') },
    ...{ application: text(row, 'application'), state: text(row, 'state') },
  };
}

function standbyOf(row: Row): NonNullable<StoreStatus['standbys']>[number] {
  return {
    ...{ name: text(row, 'name'), state: optionalText(row, 'state') ?? '' },
    ...{ sync: optionalText(row, 'sync_state') ?? '', lagOctets: number(row, 'lag') },
  };
}

async function missingOf(connection: Connection, schema: Schema): Promise<readonly string[]> {
  if (schema.version === 0)
    return ['there are no tables: the first start makes them, or `postern store migrate`'];
  const tooNew = tooNewBecause(schema);
  // A later version may have tables of its own.
  const unruled = schema.version > KNOWN ? [] : await tablesWithoutRule(connection);
  return [
    ...(schema.version < KNOWN
      ? [
          `the tables have schema ${schema.version}, and this Postern needs ${KNOWN}: the next start of a node that logs in as "${schema.owner}" brings them forward, or \`postern store migrate\``,
        ]
      : []),
    ...(tooNew === undefined ? [] : [tooNew]),
    ...(await placeFlaws(connection)),
    ...(unruled.length === 0 ? [] : [`tables that this Postern does not know: ${unruled.join(', ')}`]),
  ];
}
