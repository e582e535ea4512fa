// A database of a test made fresh again for the next one. Its files stay: to make and remove hundreds of them for each test was most of what the server did
// (ext4 looks at every inode that was freed in the last seconds before it takes one).

import { Client } from 'pg';

/** What is in a database that nobody has used, of whatever tables there are. */
export interface FreshState {
  /** Of everything that a user's statement may define. */
  readonly definitions: string;
  /** Of each table, as JSON. */
  readonly rows: ReadonlyMap<string, string>;
}

const TABLES = `SELECT oid::regclass::text AS name FROM pg_class
  WHERE oid >= 16384 AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY oid`;

/** By the transaction that wrote each row of the catalogue, from the first id that is not the system's own. Statistics count: plans depend on them. */
const DEFINITIONS = `SELECT md5(string_agg(of || ' ' || id || ' ' || written, ',' ORDER BY of, id, written)) AS definitions FROM (
  SELECT 'relation' AS of, oid::text AS id, xmin::text AS written FROM pg_class WHERE oid >= 16384
  UNION ALL SELECT 'column', attrelid || '.' || attnum, xmin::text FROM pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT 'default', oid::text, xmin::text FROM pg_attrdef
  UNION ALL SELECT 'constraint', oid::text, xmin::text FROM pg_constraint WHERE oid >= 16384
  UNION ALL SELECT 'trigger', oid::text, xmin::text FROM pg_trigger
  UNION ALL SELECT 'function', oid::text, xmin::text FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT 'type', oid::text, xmin::text FROM pg_type WHERE oid >= 16384
  UNION ALL SELECT 'view', oid::text, xmin::text FROM pg_rewrite WHERE oid >= 16384
  UNION ALL SELECT 'schema', oid::text, xmin::text FROM pg_namespace
  UNION ALL SELECT 'statistics', starelid || '.' || staattnum, xmin::text FROM pg_statistic WHERE starelid >= 16384
  UNION ALL SELECT 'setting', setrole::text, array_to_string(setconfig, ' ') FROM pg_db_role_setting
    WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
) AS defined`;

const SEQUENCES = `SELECT setval(seqrelid::regclass, seqstart, false) FROM pg_sequence`;

/** Of a database that others are made from: nobody has drawn from its sequences. */
export function freshStateOf(url: string): Promise<FreshState> {
  return connected(url, async (client) => {
    const rows = new Map<string, string>();
    for (const name of await tablesOf(client)) {
      const [row] = (await client.query(`SELECT json_agg(t)::text AS rows FROM ${name} t`)).rows;
      rows.set(name, String(row.rows ?? '[]'));
    }
    return { definitions: await definitionsOf(client), rows };
  });
}

/** Cuts all who are connected. False: something else is defined there than was, and nothing was done. */
export function emptied(url: string, { definitions, rows }: FreshState): Promise<boolean> {
  return connected(url, async (client) => {
    await cutOthers(client);
    if ((await definitionsOf(client)) !== definitions) return false;
    const statements = [...rows].flatMap(([name, kept]) =>
      kept === '[]'
        ? [`DELETE FROM ${name}`]
        : [
            `DELETE FROM ${name}`,
            `INSERT INTO ${name} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::${name}, ${client.escapeLiteral(kept)})`,
          ],
    );
    await client.query([...statements, SEQUENCES].join(';'));
    return true;
  });
}

async function cutOthers(client: Client): Promise<void> {
  const others = 'FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
  await client.query(`SELECT pg_terminate_backend(pid) ${others}`);
  while ((await client.query(`SELECT 1 ${others}`)).rows.length > 0);
}

async function tablesOf(client: Client): Promise<readonly string[]> {
  return (await client.query<{ name: string }>(TABLES)).rows.map(({ name }) => name);
}

async function definitionsOf(client: Client): Promise<string> {
  return String((await client.query(DEFINITIONS)).rows[0].definitions);
}

async function connected<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
