// What each part of a cluster may do with each table, when its nodes log in as a user of their own: who takes mail in can't read what is queued, who relays or takes
// mail of strangers can't read how somebody logs in. The owner of the tables needs none of this, and alone brings them forward.

import type { StoreRole } from '../operations.ts';
import { text } from '../row.ts';
import type { Connection } from './connection.ts';

/** S: select, s: select without `hidden` columns, I: insert, U: update, u: update of `updates` alone, D: delete. A row that is locked is updated, to PostgreSQL. */
interface Rule {
  readonly hidden?: readonly string[];
  readonly updates?: readonly string[];
  readonly submission: string;
  readonly mx: string;
  readonly relay: string;
  readonly admin?: string;
}

const all = (rights: string): Rule => ({ submission: rights, mx: rights, relay: rights });

const ADMIN = 'SIUD';

/** By table or view. Partitions need none: who asks goes by their table. */
export const rules: Readonly<Record<string, Rule>> = {
  schema_version: { ...all('S'), admin: 'S' },
  inflight: { hidden: ['content'], submission: 'sIUD', mx: 'sIUD', relay: 'SIUD' },
  message: all('SIUD'),
  content: { hidden: ['bytes'], submission: 'sID', mx: 'sID', relay: 'SID' },
  body: { hidden: ['bytes'], submission: 'sID', mx: 'sID', relay: 'SID' },
  body_part: { ...all('S'), admin: 'S' },
  recipient: all('SIUD'),
  notice: { submission: 'S', mx: 'S', relay: 'SIUD' },
  queued_message: { ...all('S'), admin: 'S' },
  queued_recipient: { ...all('S'), admin: 'S' },
  queue_change: all('SIUD'),
  queue_total: all('SIUD'),
  chain: all('SIU'),
  // What was written is changed by who forgets: an administrator, or the owner.
  event: all('SI'),
  term: all('SI'),
  trail_partition: { ...all('S'), admin: 'SU' },
  mark: all('SU'),
  identity: { hidden: ['record'], updates: ['parked'], submission: 'S', mx: 's', relay: 'su' },
  identity_shown: { ...all('S'), admin: 'S' },
  identity_change: all('S'),
  // Whose mail it is, commands say on any node.
  identity_name: all('S'),
  identity_credential: { submission: 'S', mx: '', relay: '' },
  credential_use: { submission: 'SIUD', mx: '', relay: '' },
  life: all('SIUD'),
  counter: { submission: 'SIUD', mx: '', relay: '' },
  guess: all('SIUD'),
  // Whoever writes one is in the console as whom he likes: a node's own user would be an admin by it.
  console_session: { ...all(''), admin: ADMIN },
  // Of pseudonyms and of TLS tickets: with the latter what clients say could be read.
  shared_key: { submission: 'SIU', mx: 'SIU', relay: '' },
};

/** There while a store is copied. */
const PASSING = new Set(['copying']);

const TABLES = `SELECT c.relname::text AS name, (SELECT array_agg(quote_ident(a.attname) ORDER BY a.attnum) FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)::text[] AS columns
  FROM pg_class c JOIN pg_class v ON v.oid = to_regclass('schema_version')
  WHERE c.relnamespace = v.relnamespace AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND c.relowner = v.relowner ORDER BY c.relname`;
const PLACE = `SELECT quote_ident(n.nspname) AS schema, quote_ident(current_database()) AS database
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass('schema_version')`;
const SEQUENCES = ['message_n', 'event_place'];

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

async function tablesIn(connection: Pick<Connection, 'query'>): Promise<readonly Table[]> {
  const { rows } = await connection.query(TABLES);
  return rows.map((row) => ({
    name: text(row, 'name'),
    columns: text(row, 'columns').slice(1, -1).split(','),
  }));
}

/** Tables of ours for which there is no rule. */
export async function tablesWithoutRule(connection: Pick<Connection, 'query'>): Promise<readonly string[]> {
  const names = (await tablesIn(connection)).map(({ name }) => name);
  return names.filter((name) => rules[name] === undefined && !PASSING.has(name));
}

/** The statements that let a user of this name do what the role needs and no more, as the tables are now. There must be tables. */
export async function grantsOf(
  connection: Pick<Connection, 'query'>,
  role: StoreRole,
  user: string,
): Promise<readonly string[]> {
  const [place = {}] = (await connection.query(PLACE)).rows;
  const schema = text(place, 'schema');
  const to = quoted(user);
  const tables = await tablesIn(connection);
  return [
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${schema} FROM ${to};`,
    `REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${schema} FROM ${to};`,
    // Each connection makes a temporary table to see whether the server undoes what fails.
    `GRANT CONNECT, TEMPORARY ON DATABASE ${text(place, 'database')} TO ${to};`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${to};`,
    `GRANT USAGE, SELECT ON SEQUENCE ${SEQUENCES.map((name) => `${schema}.${name}`).join(', ')} TO ${to};`,
    ...tables.flatMap((table) => grantOf(table, role, `${schema}.${quoted(table.name)} TO ${to};`)),
  ];
}

function grantOf({ name, columns }: Table, role: StoreRole, onTo: string): readonly string[] {
  const rule = rules[name];
  if (rule === undefined) return [];
  const rights = role === 'admin' ? (rule.admin ?? ADMIN) : rule[role];
  if (rights === '') return [];
  const shown = columns.filter((column) => rule.hidden?.includes(column) !== true);
  const words: Readonly<Record<string, string>> = {
    ...{ S: 'SELECT', I: 'INSERT', U: 'UPDATE', D: 'DELETE' },
    s: `SELECT (${shown.join(', ')})`,
    u: `UPDATE (${(rule.updates ?? []).join(', ')})`,
  };
  return [`GRANT ${[...rights].map((right) => words[right]).join(', ')} ON ${onTo}`];
}

const quoted = (name: string): string =>
  /^[a-z_][a-z\d_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
