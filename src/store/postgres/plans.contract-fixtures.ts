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
import { createPostgresLookups } from './lookups.ts';
import { freshDatabase } from './postgres.contract-fixtures.ts';
import type { Reader } from './reader.ts';
import { inOneView, sqlOver } from './sql.ts';
import { applyOver } from './writer.ts';

export const clock = virtualClock();
const entropy = countedEntropy();
const ids = messageIdSource((length) => entropy.bytes(length));

/** Writer and look-ups over one connection. */
async function open(server: PostgresServer, name: string) {
  const connection = await connect(server, { clock });
  const node: NodeState = {
    ...{ clock, counters: openCounters(name, clock), queue: { messages: 0, ofStrangers: 0 } },
    ...{ queueLimits: {}, inHand: new Map(), figures: { redone: 0 }, fullBecause: () => undefined },
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

/** Scans that go on to the end. `isLimited`: whoever takes the rows stops at so many. */
function walksIn(plan: Plan, isLimited = false): readonly string[] {
  const { 'Node Type': type, 'Relation Name': table, 'Index Name': index, 'Index Cond': condition } = plan;
  const isEndless = condition === undefined || ofWholeChain(condition);
  const isWalk = type === 'Seq Scan' || (/^(Bitmap )?Index /.test(type) && isEndless && !isLimited);
  const inner = (plan.Plans ?? []).flatMap((below) =>
    walksIn(
      below,
      type === 'Limit' || (isLimited && STREAMS.has(type) && below['Parent Relationship'] !== 'Inner'),
    ),
  );
  return [...(isWalk ? [`${type} ${index ?? table}`] : []), ...inner];
}

/** What is counted as a whole is read as a whole; what is in hand is little, and so are the register of chains and the marks. */
const MAY_WALK = /^\s*SELECT (domain, )?count\(/;
const SMALL = new Set([
  ...[
    'Index Scan inflight_pkey',
    'Seq Scan inflight',
    'Seq Scan message_n',
    'Seq Scan mark',
    'Index Scan mark_pkey',
  ],
  ...['Seq Scan chain', 'Index Scan chain_pkey', 'Index Scan chain_open', 'Bitmap Index Scan chain_open'],
]);

async function walksOf({ connection }: Opened): Promise<readonly string[]> {
  const walks: string[] = [];
  for (const { name, statement, parameters } of await statementsOf(connection)) {
    const values = Array.from({ length: Number(parameters) }, () => 'NULL').join();
    const { rows } = await connection.query(
      `EXPLAIN (FORMAT JSON) EXECUTE ${String(name)}${values === '' ? '' : `(${values})`}`,
    );
    const [{ Plan: plan }] = JSON.parse(String(rows[0]?.['QUERY PLAN'])) as [{ Plan: Plan }];
    if (MAY_WALK.test(String(statement))) continue;
    const found = walksIn(plan).filter((walk) => !SMALL.has(walk));
    walks.push(...found.map((walk) => `${walk}: ${String(statement).replaceAll(/\s+/g, ' ').slice(0, 400)}`));
  }
  return walks;
}

/** All that were prepared, planned for whatever values. */
async function statementsOf(connection: Connection) {
  await connection.exec('SET plan_cache_mode = force_generic_plan');
  const { rows } = await connection.query(
    `SELECT name, statement, cardinality(parameter_types) AS parameters FROM pg_prepared_statements WHERE statement ~* '^[(\\s]*(SELECT|INSERT|UPDATE|DELETE|WITH)'`,
  );
  return rows;
}

/** `ask`: everything that is looked at. `fill`: as many rows of each table. */
export async function assertNoWalks(
  ask: (opened: Opened) => Promise<void>,
  fill: (opened: Opened, rows: number) => Promise<void>,
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
}
