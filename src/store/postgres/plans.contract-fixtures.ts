// What a change and a look-up on PostgreSQL would do to large tables: each is asked over one connection, which knows all its statements afterwards, and their plans are
// looked at.

import assert from 'node:assert/strict';
import { messageIdSource } from '../../base/message-id.ts';
import type { Change, OutcomeOf } from '../port.ts';
import { acceptOf, countedEntropy, type Said, virtualClock } from '../store.contract-fixtures.ts';
import type { NodeState } from './change.ts';
import { openChannel } from './channel.ts';
import { connect, type Connection, type PostgresServer } from './connection.ts';
import { openCounters } from './counters.ts';
import { Floors } from './floors.ts';
import { InHand } from './in-hand.ts';
import { createPostgresLookups } from './lookups.ts';
import { freshDatabase } from './postgres.contract-fixtures.ts';
import type { Reader } from './reader.ts';
import { inOneView, sqlOver } from './sql.ts';
import { applyOver } from './writer.ts';

export const clock = virtualClock();
const entropy = countedEntropy();
const ids = messageIdSource((length) => entropy.bytes(length));

/** Writer and look-ups over one connection. */
export async function open(server: PostgresServer, name: string) {
  const connection = await connect(server, { clock });
  const node: NodeState = {
    ...{ clock, counters: openCounters(name, clock), queue: { messages: 0, ofStrangers: 0 } },
    ...{
      queueLimits: {},
      inHand: new InHand(),
      floors: new Floors(),
      figures: { redone: {} },
      fullBecause: () => undefined,
    },
  };
  const now = (): number => clock.now();
  const channel = await openChannel({
    ...{ connection, name, node, entropy, now, isReplicated: false, onNotice: () => undefined },
  });
  const reader: Reader = {
    ...sqlOver(connection),
    inOneView: (look) => inOneView(connection, look),
    copyOut: () => Promise.reject(new Error('bodies are read by their key')),
    close: () => connection.close(),
  };
  return {
    ...{ connection, channel, counters: node.counters },
    lookups: createPostgresLookups(reader),
    async all<const C extends readonly Change[]>(...changes: C) {
      const outcomes = await applyOver(channel, node, changes);
      for (const outcome of outcomes) if (outcome.type === 'failed') throw new Error(outcome.cause);
      return outcomes as { readonly [K in keyof C]: OutcomeOf<C[K]> };
    },
  };
}

export type Opened = Awaited<ReturnType<typeof open>>;

export const accept = (said: Said = {}) => acceptOf(ids.next(clock.now()), clock.now(), said);

interface Plan {
  readonly 'Node Type': string;
  readonly 'Parent Relationship'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Filter?: string;
  readonly Plans?: readonly Plan[];
}

/** Gives a row on before it has read all of its own, and reads no more than is asked of it. */
const STREAMS = new Set([
  ...[
    'Append',
    'Incremental Sort',
    'Limit',
    'LockRows',
    'Merge Append',
    'Nested Loop',
    'Result',
    'Subquery Scan',
  ],
]);

/** A chain is all that a life of a node wrote: its name alone limits nothing. */
const ofWholeChain = (condition = ''): boolean =>
  /\bchain\b/.test(condition) && !/\bsequence\b/.test(condition);

/** All that anybody wrote since some place, for what there is of one chain. */
const forOneChain = ({ 'Index Cond': condition = '', Filter: filter = '' }: Plan): boolean =>
  /\bplace\b/.test(condition) && !/\bchain\b/.test(condition) && /\bchain\b/.test(filter);

/** All in the queue or in the trail that something else leads to, as an owner or a place, for what there is of one message. */
const forOneMessage = ({
  'Relation Name': table = '',
  'Index Cond': condition = '',
  Filter: filter = '',
}: Plan): boolean =>
  /^(recipient|event_.*)$/.test(table) &&
  filter.includes('(message_id = ') &&
  !/\bmessage_id\b/.test(condition);

/** By index: its first column, as a condition names it. */
type Firsts = ReadonlyMap<string, string>;

/** A condition on later columns alone is asked of each entry of the whole index. */
function isBounded(condition = '', first = ''): boolean {
  return condition.includes(`(${first} `) || condition.includes(`ROW(${first},`);
}

/** Scans that go on to the end. `isLimited`: whoever takes the rows stops at so many. */
function walksIn(plan: Plan, first: Firsts, isLimited = false): readonly string[] {
  const { 'Node Type': type, 'Relation Name': table, 'Index Name': index, 'Index Cond': condition } = plan;
  const isEndless = !isBounded(condition, first.get(index ?? '')) || ofWholeChain(condition);
  const isWalk =
    type === 'Seq Scan' ||
    (/^(Bitmap )?Index /.test(type) &&
      ((isEndless && !isLimited) || forOneChain(plan) || forOneMessage(plan)));
  const inner = (plan.Plans ?? []).flatMap((below) =>
    walksIn(
      below,
      first,
      type === 'Limit' || (isLimited && STREAMS.has(type) && below['Parent Relationship'] !== 'Inner'),
    ),
  );
  return [...(isWalk ? [`${type} ${index ?? table}`] : []), ...inner];
}

/** What is counted as a whole is read as a whole, but what is held, which `/health` asks for; what is in hand is little, and so are the registers of chains and of partitions, the marks and the shared keys. */
const MAY_WALK =
  /^\s*SELECT (domain, )?count\((?!\*\) AS count FROM (recipient r WHERE r\.held|queued_recipient r WHERE r\.identity_id = ANY \(ARRAY|\(SELECT 1 FROM))/;
const SMALL = new Set([
  ...[
    'Index Scan inflight_pkey',
    'Seq Scan inflight',
    'Seq Scan message_n',
    'Seq Scan event_place',
    'Seq Scan mark',
    'Index Scan mark_pkey',
    'Seq Scan shared_key',
    'Index Scan shared_key_pkey',
    // What came without a partition: somebody is told, and it is emptied.
    'Index Scan term_default_pkey',
    'Index Only Scan event_default_pkey',
  ],
  // What it counts.
  ...['Index Scan recipient_commanded', 'Index Only Scan recipient_commanded'],
  ...['Seq Scan trail_partition', 'Index Scan trail_partition_pkey'],
  ...['Seq Scan chain', 'Index Scan chain_pkey', 'Index Scan chain_open', 'Bitmap Index Scan chain_open'],
]);

/** Of the statements that this connection has prepared. */
export async function walksOf({ connection }: Opened): Promise<readonly string[]> {
  const walks: string[] = [];
  const statements = await statementsOf(connection);
  const { rows: indexes } = await connection.query(
    'SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid, 1, true) AS first FROM pg_index',
  );
  const first: Firsts = new Map(indexes.map((row) => [String(row['name']), String(row['first'])]));
  for (const { name, statement, parameters } of statements) {
    const values = Array.from({ length: Number(parameters) }, () => 'NULL').join();
    const { rows } = await connection.query(
      `EXPLAIN (FORMAT JSON) EXECUTE ${String(name)}${values === '' ? '' : `(${values})`}`,
    );
    const [{ Plan: plan }] = JSON.parse(String(rows[0]?.['QUERY PLAN'])) as [{ Plan: Plan }];
    if (MAY_WALK.test(String(statement))) continue;
    const found = walksIn(plan, first).filter((walk) => !SMALL.has(walk));
    walks.push(...found.map((walk) => `${walk}: ${String(statement).replaceAll(/\s+/g, ' ').slice(0, 400)}`));
  }
  return walks;
}

/** With NULL for each value all partitions would be left out. Plans that were made before are made again. */
const PLAN_ALL =
  'SET plan_cache_mode = force_generic_plan; SET enable_partition_pruning = off; DISCARD PLANS';

/** All that were prepared, planned for whatever values. */
async function statementsOf(connection: Connection) {
  await connection.exec(PLAN_ALL);
  const { rows } = await connection.query(
    `SELECT name, statement, cardinality(parameter_types) AS parameters FROM pg_prepared_statements WHERE statement ~* '^[(\\s]*(SELECT|INSERT|UPDATE|DELETE|WITH)' AND statement !~ 'pg_index'`,
  );
  return rows;
}

/** Nothing that goes from now on is cleared away before its end. */
export async function oldSnapshot(server: PostgresServer): Promise<AsyncDisposable> {
  const dump = await connect(server, { clock, settings: { idle_in_transaction_session_timeout: '0' } });
  await dump.exec('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM mark');
  return { [Symbol.asyncDispose]: () => dump.close() };
}

/** `ask`: everything that is looked at. `fill`: as many rows of each table. `passing`: tables whose rows go as they came, so that PostgreSQL may count none. */
export async function assertNoWalks(
  ask: (opened: Opened) => Promise<void>,
  fill: (opened: Opened, rows: number) => Promise<void>,
  passing: readonly string[] = [],
): Promise<void> {
  await using database = await freshDatabase();
  const empty = await open(database.server, 'empty');
  await ask(empty);
  assert.deepEqual(await walksOf(empty), [], 'planned over empty tables');
  await fill(empty, 1000);
  await empty.connection.close();
  const full = await open(database.server, 'full');
  await ask(full);
  assert.deepEqual(await walksOf(full), [], 'planned over rows that nobody has counted');
  await full.connection.exec('ANALYZE');
  assert.deepEqual(await walksOf(full), [], 'planned over rows that were counted');
  await full.connection.close();
  await using _snapshot = await oldSnapshot(database.server);
  const passed = await open(database.server, 'passed');
  for (const table of passing) await passed.connection.exec(`DELETE FROM ${table}`);
  await passed.connection.exec('VACUUM ANALYZE');
  await ask(passed);
  assert.deepEqual(await walksOf(passed), [], 'planned over rows that are gone, and not cleared away');
  await passed.connection.close();
}
