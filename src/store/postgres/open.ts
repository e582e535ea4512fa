// Opening the store on PostgreSQL: the connections that write, one for what is asked all the time and one for what may take long, and those that read.

import { failureInWords } from '../../base/failure-words.ts';
import type { Clock, Entropy } from '../../platform/platform.ts';
import type { ChainEnd } from '../../record/link.ts';
import type { QueueLimits } from '../depth.ts';
import { atOnce, createGroupCommit } from '../group-commit.ts';
import type { OpenLookups, PulseAnswer, WriterFigures } from '../engine.ts';
import type { Incarnation } from '../owner.ts';
import type { Lookups } from '../lookups.ts';
import { type Change, type Outcome, type Store, type StoreNotice, StoreUnavailable } from '../port.ts';
import { number } from '../row.ts';
import { workBeside } from './beside.ts';
import type { NodeState } from './change.ts';
import { keepChains } from './chains.ts';
import { type Channel, openChannel } from './channel.ts';
import { connect, type Connection, type PostgresServer } from './connection.ts';
import { type Connections, withConnections } from './connections.ts';
import { assertFinished } from './copy-marks.ts';
import { openCounters } from './counters.ts';
import { createPostgresLookups } from './lookups.ts';
import { pulseOver } from './lives.ts';
import { asStoreError } from './refusals.ts';
import { openReader } from './reader.ts';
import { migrate } from './schema.ts';
import { createStoreClock } from './store-clock.ts';
import { assertFit } from './server-checks.ts';
import { unlessInTheWay } from './sql-states.ts';
import { sqlOver } from './sql.ts';
import { openStages } from './stages.ts';
import { createSweep } from './sweep.ts';
import { applyOver } from './writer.ts';

export interface PostgresWriterOptions extends QueueLimits {
  readonly server: PostgresServer;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Of this life of a node: no two writers have the same. */
  readonly name: string;
  fullBecause?(): string | undefined;
  onNotice(notice: StoreNotice): void;
  /** One of its connections was lost: only a new writer knows what is kept. */
  failed?(error: unknown): void;
  /** Settings of the server are not looked at: it may lose what it was told. */
  readonly isTrusted?: true;
  /** What the store's clock is ahead of ours, ms. Absent: it is asked. */
  readonly clockOffset?: number;
}

export interface PostgresWriter {
  /** Rejects with `ConnectionLost` if nothing is known about one of them: only a new writer knows what is kept. */
  apply(changes: readonly Change[], lane: number): Promise<readonly Outcome[]>;
  /** Changes of different lanes may be applied at the same time. */
  laneOf(changes: readonly Change[]): number;
  /** A piece of the work that can wait; true: there is more. */
  idle(): Promise<boolean>;
  /** Indexes up to `max` events of each of its chains; true: there are more, and nobody is in the way. */
  indexTail(max: number): Promise<boolean>;
  /** As `EngineWriter.pulse`. */
  pulse(life: Incarnation, isFirst: boolean): Promise<PulseAnswer>;
  figures(): WriterFigures;
  queued(): number;
  trailEnd(): ChainEnd;
  close(): Promise<void>;
}

/** For an answer, ms; after that nobody knows whether it will come. */
const ANSWER_MS_MAX = 5_000;
const READ_MS_MAX = 30_000;

/** Its statements are few and go by keys: to plan them for the values of each group took a quarter of the server's time. */
const FLOW_SETTINGS = { plan_cache_mode: 'force_generic_plan' };

/** What goes all the time. Everything else may take long. */
const FLOWING: ReadonlySet<Change['type']> = new Set(['accept', 'settle', 'record']);

/** Rejects with what failed, with nothing left open. */
export function openPostgresWriter(options: PostgresWriterOptions): Promise<PostgresWriter> {
  return withConnections(options.server, async (connections) => {
    const writer = await writerOver(connections, options);
    for (const connection of connections.all) connection.onLost((error) => options.failed?.(error));
    return writer;
  });
}

async function writerOver(connections: Connections, options: PostgresWriterOptions): Promise<PostgresWriter> {
  const { server, clock, entropy, onNotice, name } = options;
  const isReplicated = server.isReplicated === true;
  const flow = await connections.open({ clock, answerMsMax: ANSWER_MS_MAX, settings: FLOW_SETTINGS });
  if (options.isTrusted !== true) await assertFit(flow, isReplicated);
  await migrate(flow);
  await assertFinished(sqlOver(flow));
  const storeClock = createStoreClock(clock, options.clockOffset);
  await storeClock.ask(flow);
  const beside = workBeside(await connections.open({ clock, answerMsMax: ANSWER_MS_MAX }));
  const counters = openCounters(name, clock);
  const sweep = createSweep(clock);
  const node: NodeState = {
    ...{ clock, counters },
    queue: await depthOf(flow),
    queueLimits: options,
    inHand: new Map(),
    figures: { redone: 0 },
    fullBecause: () => options.fullBecause?.(),
  };
  const channelOver = (connection: Connection, of: string): Promise<Channel> =>
    openChannel({
      ...{ connection, name: `${name}/${of}`, isReplicated, node, entropy, onNotice },
      now: () => storeClock.now(),
    });
  const commands = await connections.open({ clock });
  const lanes = [await channelOver(flow, 'flow'), await channelOver(commands, 'commands')] as const;
  const chains = keepChains(clock, () => lanes.map(({ trail }) => trail));
  const laneOf = (changes: readonly Change[]): number =>
    changes.every(({ type }) => FLOWING.has(type)) ? 0 : 1;
  return {
    laneOf,
    apply: (changes, lane) => applyOver(lane === 0 ? lanes[0] : lanes[1], node, changes),
    idle: () =>
      beside.inTurn(async (connection) => {
        const sql = sqlOver(connection);
        // A piece of each: under load there is always more of the first.
        const isMoreToIndex = await unlessInTheWay(chains.keep(connection));
        const isMoreToCount = await unlessInTheWay(counters.flush(sql));
        const isMoreToSweep = await unlessInTheWay(sweep(sql, storeClock.now()));
        return isMoreToIndex || isMoreToCount || isMoreToSweep;
      }),
    indexTail: (max) => beside.inTurn((connection) => chains.indexOwn(connection, max)),
    pulse: (life, isFirst) =>
      beside.inTurn(async (connection) => {
        await storeClock.ask(connection);
        const processIds = [flow, commands, connection].map(({ processId }) => processId);
        const now = storeClock.now();
        const answer = await pulseOver(connection, { life, isFirst, processIds, now, onNotice });
        // The lease comes first: nobody waits long for counts.
        await unlessInTheWay(counters.flush(sqlOver(connection)));
        return answer;
      }),
    figures: () => ({
      roundTrips: lanes.reduce((sum, { connection }) => sum + connection.roundTrips, 0),
      redone: node.figures.redone,
    }),
    queued: () => node.queue.messages,
    trailEnd: () => lanes[0].trail.end(),
    async close() {
      await Promise.all(lanes.map(({ connection }) => connection.close()));
      await beside.inTurn(async (connection) => {
        await chains.close(connection);
        while (await unlessInTheWay(counters.flush(sqlOver(connection), 'all')));
      });
      await beside.close();
    },
  };
}

async function depthOf(connection: Connection): Promise<{ messages: number; ofStrangers: number }> {
  const { rows } = await connection.query(
    "SELECT count(*) AS messages, count(*) FILTER (WHERE role = 'mx') AS strangers FROM queued_message",
  );
  const [row = {}] = rows;
  return { messages: number(row, 'messages'), ofStrangers: number(row, 'strangers') };
}

/** `awayMsMax`: as `whileAway` says. */
export function openPostgresLookups(options: {
  readonly server: PostgresServer;
  readonly clock: Clock;
  readonly awayMsMax: number;
}): OpenLookups {
  const reader = openReader(options.server, { ...options, answerMsMax: READ_MS_MAX });
  return { ...createPostgresLookups(reader), close: () => void reader.close() };
}

export interface OpenPostgresStore {
  readonly store: Store;
  readonly lookups: Lookups;
  readonly writer: PostgresWriter;
  close(): Promise<void>;
}

/** Store and look-ups in this very thread: for commands without a running server, and for tests. */
export async function openPostgresStore(
  options: Omit<PostgresWriterOptions, 'onNotice'>,
): Promise<OpenPostgresStore> {
  const listeners = new Set<(notice: StoreNotice) => void>();
  const writer = await openPostgresWriter({
    ...options,
    onNotice: (notice) => listeners.forEach((listener) => listener(notice)),
  });
  // A command says at once that the database is away.
  const lookups = openPostgresLookups({ ...options, awayMsMax: 0 });
  const stages = openStages(options.server, { ...options, awayMsMax: 0 });
  const group = createGroupCommit(
    (changes, lane) => writer.apply(changes, lane).catch(unavailable),
    atOnce,
    writer.laneOf,
  );
  return {
    store: {
      commit: ((changes) => group.commit(changes)) as Store['commit'],
      stage: (id) => stages.stage(id),
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    lookups,
    writer,
    async close() {
      lookups.close();
      await Promise.all([stages.close(), writer.close()]);
    },
  };
}

function unavailable(error: unknown): never {
  throw new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
}

/** Somebody has made the tables. Rejects with `ConnectionLost` if the database can't be reached. */
export function isMade(server: PostgresServer, clock: Clock): Promise<boolean> {
  return asking(server, clock, "SELECT to_regclass('schema_version') IS NOT NULL AS value").then(
    (value) => value === true,
  );
}

/** Octets of the database. */
export function sizeOf(server: PostgresServer, clock: Clock): Promise<number> {
  return asking(server, clock, 'SELECT pg_database_size(current_database()) AS value').then(Number);
}

/** Why a server could not be started on it, of what is known without making anything there. */
export function flawsOf(server: PostgresServer, clock: Clock): Promise<readonly string[]> {
  return connected(server, clock, (connection) => assertFit(connection, server.isReplicated === true)).then(
    () => [],
    (error: unknown) => [failureInWords(asStoreError(error, server))],
  );
}

function asking(server: PostgresServer, clock: Clock, sql: string): Promise<unknown> {
  return connected(server, clock, async (connection) => {
    const { rows } = await connection.query(sql);
    return rows[0]?.['value'];
  });
}

async function connected<T>(
  server: PostgresServer,
  clock: Clock,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connect(server, { clock, answerMsMax: ANSWER_MS_MAX });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}
