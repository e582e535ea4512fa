// A database of a test made fresh again for the next one. Its files stay: to make and remove hundreds of them for each test was most of what the server did
// (ext4 looks at every inode that was freed in the last seconds before it takes one).

import { Client } from 'pg';
import { STAYS } from '../../../test/postgres/database.ts';

/** What is in a database that nobody has used, of whatever tables there are. */
export interface FreshState {
  /** Of everything that a user's statement may define. */
  readonly definitions: string;
  /** Of each table, as JSON. */
  readonly rows: ReadonlyMap<string, string>;
}

const TABLES = `SELECT oid::regclass::text AS name FROM pg_class
  WHERE oid >= 16384 AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY oid`;

/**
 * Of each catalogue how many rows there are from the first id that is not the system's own, and the latest transaction that wrote one: every definition leaves one, or takes one
 * away. Statistics count: plans depend on them.
 */
const DEFINITIONS = `SELECT string_agg(of || ' ' || rows || ' ' || coalesce(last::text, ''), ',' ORDER BY of) AS definitions FROM (
  SELECT 'relation' AS of, count(*) AS rows, max(xmin::text::bigint)::text AS last FROM pg_class WHERE oid >= 16384
  UNION ALL SELECT 'column', count(*), max(xmin::text::bigint)::text FROM pg_attribute WHERE attrelid >= 16384
  UNION ALL SELECT 'default', count(*), max(xmin::text::bigint)::text FROM pg_attrdef
  UNION ALL SELECT 'constraint', count(*), max(xmin::text::bigint)::text FROM pg_constraint WHERE oid >= 16384
  UNION ALL SELECT 'trigger', count(*), max(xmin::text::bigint)::text FROM pg_trigger
  UNION ALL SELECT 'function', count(*), max(xmin::text::bigint)::text FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT 'type', count(*), max(xmin::text::bigint)::text FROM pg_type WHERE oid >= 16384
  UNION ALL SELECT 'view', count(*), max(xmin::text::bigint)::text FROM pg_rewrite WHERE oid >= 16384
  UNION ALL SELECT 'schema', count(*), max(xmin::text::bigint)::text FROM pg_namespace
  UNION ALL SELECT 'statistics', count(*), max(xmin::text::bigint)::text FROM pg_statistic WHERE starelid >= 16384
  UNION ALL SELECT 'setting', count(*), string_agg(setrole || ' ' || array_to_string(setconfig, ' '), ',' ORDER BY setrole) FROM pg_db_role_setting
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

/** Stays connected: what a new session must look up takes longer than to empty all tables. */
export class Emptier {
  readonly #url: string;
  readonly #state: FreshState;
  #client: Client | undefined;

  constructor(url: string, state: FreshState) {
    this.#url = url;
    this.#state = state;
  }

  /** Cuts all others who are connected. False: something else is defined there than was, and nothing was done. */
  async emptied(): Promise<boolean> {
    const client = (this.#client ??= await this.#connected());
    await cutOthers(client);
    const { definitions, rows } = this.#state;
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
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  async #connected(): Promise<Client> {
    const client = new Client({ connectionString: this.#url, application_name: STAYS });
    // Somebody cut all who were there.
    client.on('error', () => (this.#client = undefined));
    await client.connect();
    return client;
  }
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
