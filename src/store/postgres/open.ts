// Opening the store on PostgreSQL: the connections that write, one for what is asked all the time and one for what may take long, and those that read.

import { StoreTooNew } from '../engine-errors.ts';
import type { Clock, Entropy } from '../../platform/platform.ts';
import type { ChainEnd } from '../../record/link.ts';
import type { QueueLimits } from '../depth.ts';
import { atOnce, createGroupCommit } from '../group-commit.ts';
import type { OpenLookups, PulseAnswer, WriterFigures } from '../engine.ts';
import type { Place } from '../lease.ts';
import type { Incarnation } from '../owner.ts';
import type { Lookups } from '../lookups.ts';
import { type Change, type Outcome, type Store, type StoreNotice, StoreUnavailable } from '../port.ts';
import type { SideWorkNotice } from '../side-work.ts';
import { backendsOf } from './backends.ts';
import { workBeside } from './beside.ts';
import type { NodeState } from './change.ts';
import { keepChains } from './chains.ts';
import { type Channel, openChannel } from './channel.ts';
import { PLANNED_ONCE } from './client.ts';
import { connect, type Connection, type PostgresServer } from './connection.ts';
import { type Connections, withConnections } from './connections.ts';
import { assertFinished } from './copy-marks.ts';
import { openCounters } from './counters.ts';
import { Floors } from './floors.ts';
import { isWholeEnd } from './inflight.ts';
import { createPostgresLookups } from './lookups.ts';
import { keepPartitions } from './partitions.ts';
import { InHand } from './in-hand.ts';
import { endReplaced } from './replaced.ts';
import { openReader } from './reader.ts';
import { migrateIfNeeded } from './migration.ts';
import { depthAtStart } from './queue-totals.ts';
import { createStoreClock } from './store-clock.ts';
import { assertFit } from './server-checks.ts';
import { sqlOver } from './sql.ts';
import { openStages } from './stages.ts';
import { StandbyWatch } from './standby-watch.ts';
import { assertPlace } from './place-checks.ts';
import { applyOver } from './writer.ts';

export interface PostgresWriterOptions extends QueueLimits {
  readonly server: PostgresServer;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Of this life of a node: no two writers have the same. */
  readonly name: string;
  /** What names of writers begin with that are not used any more: what they have under way is ended first (`replaced.ts`). */
  readonly replaces?: string;
  /** Where its node runs. */
  readonly place?: Place;
  fullBecause?(): string | undefined;
  onNotice(notice: StoreNotice): void;
  /** Somebody has to look at the store. */
  warn?(because: string): void;
  /** One of its connections was lost: only a new writer knows what is kept. */
  failed?(error: unknown): void;
  /** As `WriterOptions` says. */
  onSideWork?(notice: SideWorkNotice): void;
  away?(because: string): void;
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
  /** As `EngineWriter.end`. */
  end(life: Incarnation): Promise<void>;
  figures(): WriterFigures;
  queued(): number;
  trailEnd(): ChainEnd;
  close(): Promise<void>;
}

/** For an answer, ms; after that nobody knows whether it will come. */
const ANSWER_MS_MAX = 5_000;
const READ_MS_MAX = 30_000;

/** They take as long as it takes, but not for ever; a statement of theirs is one slice. */
const COMMAND_SETTINGS = { statement_timeout: '10min' };

/** What goes all the time, many in one flush. Everything else may take long: a next hop that puts off what it is offered must not hold up a 250. */
const isFlowing = (change: Change): boolean =>
  change.type === 'accept' || change.type === 'record' || (change.type === 'settle' && isWholeEnd(change));

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
  const { flow, standby } = await fitFlow(connections, options);
  const storeClock = createStoreClock(clock, options.clockOffset);
  await storeClock.ask(flow);
  const side = await connections.open({
    ...{ clock, answerMsMax: ANSWER_MS_MAX },
    // Leases, counts and words need no standby: what follows from them is committed after them.
    settings: { ...PLANNED_ONCE, ...(isReplicated ? { synchronous_commit: 'local' } : {}) },
  });
  const counters = openCounters(name, clock);
  const node: NodeState = {
    ...{ clock, counters },
    queue: await depthAtStart(flow),
    queueLimits: options,
    inHand: new InHand(),
    floors: new Floors(),
    figures: { redone: {} },
    fullBecause: () => options.fullBecause?.(),
  };
  const channelOver = (connection: Connection, of: string): Promise<Channel> =>
    openChannel({
      ...{ connection, name: `${name}/${of}`, isReplicated, node, entropy, onNotice },
      now: () => storeClock.now(),
    });
  const commands = await connections.open({ clock, settings: COMMAND_SETTINGS });
  const lanes = [await channelOver(flow, 'flow'), await channelOver(commands, 'commands')] as const;
  const beside = workBeside({
    ...{ connection: side, clock, storeClock, counters, standby, isTrusted: options.isTrusted === true },
    partitions: keepPartitions(clock, (because) => options.warn?.(because)),
    chains: keepChains(clock, () => lanes.map(({ trail }) => trail)),
    node,
    place: options.place ?? {},
    backends: await backendsOf(
      sqlOver(side),
      [flow, commands, side].map(({ processId }) => processId),
    ),
    onNotice,
    onSideWork: (notice) => options.onSideWork?.(notice),
  });
  const { idle, indexTail, end } = beside;
  const pulse: PostgresWriter['pulse'] = async (life, isFirst) => {
    try {
      return await beside.pulse(life, isFirst);
    } catch (error) {
      // What this code would write there now could harm: nothing of it may go on.
      if (error instanceof StoreTooNew) options.failed?.(error);
      throw error;
    }
  };
  return {
    ...{ idle, indexTail, pulse, end },
    laneOf: (changes) => (changes.every(isFlowing) ? 0 : 1),
    apply: (changes, lane) => applyOver(lane === 0 ? lanes[0] : lanes[1], node, changes),
    figures: () => ({
      roundTrips: lanes.reduce((sum, { connection }) => sum + connection.roundTrips, 0),
      redone: { ...node.figures.redone },
      sideWorks: beside.sideWorks,
    }),
    queued: () => node.queue.messages,
    trailEnd: () => lanes[0].trail.end(),
    async close() {
      await Promise.all(lanes.map(({ connection }) => connection.close()));
      await beside.close();
      standby?.end();
    },
  };
}

/** The connection for what flows, to a server that can keep the store now, with the tables that this code knows. */
async function fitFlow(
  connections: Connections,
  { server, clock, entropy, name, isTrusted, away, replaces }: PostgresWriterOptions,
): Promise<{ readonly flow: Connection; readonly standby: StandbyWatch | undefined }> {
  const isReplicated = server.isReplicated === true;
  const standby = isReplicated ? new StandbyWatch(await connections.open({ clock }), clock) : undefined;
  const flow = await connections.open({
    ...{ clock, answerMsMax: ANSWER_MS_MAX, settings: PLANNED_ONCE },
    // The commit stands on this server, and waits for a standby: to ask again would only wait for it.
    isExcused: () => standby?.isLate === true,
  });
  if (isTrusted !== true) {
    await assertFit(flow, isReplicated);
    await assertPlace(flow);
    await standby?.confirmed(away);
  }
  await migrateIfNeeded(flow, server, { clock, entropy, name });
  await assertFinished(sqlOver(flow));
  if (replaces !== undefined) await endReplaced(flow, replaces);
  return { flow, standby };
}

/** `awayMsMax`: as `while-away.ts` says. */
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
