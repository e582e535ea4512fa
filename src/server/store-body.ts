// The body of the store thread: it alone writes. All changes that fronts, the lookup thread and main have asked for by now are one group, made durable
// together; the answers go back when it is. In idle times it does what can wait.

import type { Clock, Entropy } from '../platform/platform.ts';
import type { Line } from '../platform/line.ts';
import type { ChainEnd } from '../record/link.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Engine, EngineWriter, WriterFigures, WriterOptions } from '../store/engine.ts';
import type { EngineChoice } from '../store/engine-choice.ts';
import { createGroupCommit, type Schedule } from '../store/group-commit.ts';
import type { Incarnation } from '../store/owner.ts';
import { changesOf, type CommitQuestion } from '../store/packing.ts';
import type { Outcome } from '../store/port.ts';
import type { SideWorks } from '../store/side-work.ts';
import { NearLimits } from './near-limits.ts';
import { type Pulses, startPulses } from './pulses.ts';
import type { StoreThreadNotice } from './store-thread-notice.ts';
import { type FreeSpaceFloor, type SpaceWatch, watchSpace } from './space-watch.ts';
import type { ThreadBody, Waiting } from './thread-body.ts';
import { whenThere } from './when-there.ts';

export interface StoreBirth {
  readonly store: EngineChoice;
  /** Its life now. */
  readonly node: Incarnation;
  /** As of `WriterOptions`. */
  readonly process: Incarnation;
  readonly limits: StoreLimits;
  /** True only before fronts run: none can be staging a body, and nobody has begun its life. */
  readonly isFirst: boolean;
}

/** Limits that a reload replaces. */
export interface StoreLimits {
  readonly freeSpaceFloor: FreeSpaceFloor;
  readonly queuedMessagesMax: number | 'none';
  readonly strangersMessagesMax: number | 'none';
}

export type StoreQuestion =
  | CommitQuestion
  | { readonly backup: string }
  | { readonly figures: true }
  | { readonly limits: StoreLimits }
  /** Of a store that several nodes share: the life of this one ends in order. Nothing is asked after that. */
  | { readonly end: true };

export interface StoreFigures {
  readonly commits: number;
  readonly changes: number;
  /** Time of all commits together, ms. */
  readonly commitMs: number;
  /** With the database, for changes; 0 of a store that is asked over no network. */
  readonly roundTrips: number;
  /** As `WriterFigures` says. */
  readonly redone: WriterFigures['redone'];
  /** What is done beside changes, and has failed. */
  readonly sideWorks: SideWorks;
  /** Why nothing can be accepted, whatever space there is; undefined: it can. */
  readonly unfit: string | undefined;
  /** Undefined: the store is not on a disk of ours. */
  readonly freeOctets: number | undefined;
  /** Less free, and nothing is accepted. Undefined as above. */
  readonly floorOctets: number | undefined;
  /** Free space is below the floor. */
  readonly full: boolean;
  readonly queued: number;
  readonly queuedMessagesMax: number | 'none';
  readonly trail: ChainEnd;
  /** Whose sending limits came near their end since the thread began; who was charged last stands first. */
  readonly nearLimits: readonly IdentityId[];
}

export interface StorePorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly engine: Pick<Engine, 'writer' | 'space' | 'size'>;
  readonly schedule: Schedule;
  /** Ends the thread: only a new one can know what is kept. */
  end(error: unknown): never;
  /** Before it is ready. */
  waits(waiting: Waiting): void;
}

const IDLE_MS = 50;
const NOT_ASKED: WriterFigures = { roundTrips: 0, redone: {}, sideWorks: {} };

export async function createStoreBody(
  birth: Omit<StoreBirth, 'store'>,
  ports: StorePorts,
): Promise<ThreadBody> {
  const { clock, entropy, engine, schedule, end } = ports;
  const lines = new Set<Line>();
  const tell = (notice: StoreThreadNotice): void => lines.forEach((line) => line.tell(notice));
  let { limits } = birth;
  const space = watchSpace(
    clock,
    () => engine.space(),
    () => limits.freeSpaceFloor,
  );
  const waitsFor = (what: Waiting['for']) => (because: string) => ports.waits({ for: what, because });
  const options: WriterOptions = {
    ...{ clock, entropy, process: birth.process, sweepStages: birth.isFirst, failed: end },
    fullBecause: () => space.look()?.because,
    queuedMessagesMax: () => limitOf(limits.queuedMessagesMax),
    strangersMessagesMax: () => limitOf(limits.strangersMessagesMax),
    ...{ onNotice: tell, onSideWork: tell, away: waitsFor('store') },
    warn: (because) => tell({ type: 'warning', because }),
  };
  const writer = await whenThere(clock, () => engine.writer(options), waitsFor('store')).catch(end);
  const nearLimits = new NearLimits();
  const committer = createCommitter(clock, writer, { end, nearLimits });
  const pulse = pulseOf(writer, committer);
  const life = { life: birth.node, isNewLife: birth.isFirst };
  const pulses = pulse && startPulses({ clock, entropy, ...life, pulse, tell, waits: waitsFor('name') });
  const group = createGroupCommit(
    pulses?.guarded(committer.apply) ?? committer.apply,
    schedule,
    writer.laneOf?.bind(writer),
  );
  const backup = backupOf(engine, writer, space);
  committer.idleSoon();
  await pulses?.begun.catch(end);

  function answer(asked: StoreQuestion): Promise<unknown> | unknown {
    if ('commit' in asked) {
      const changes = changesOf(asked);
      // At once: what is under way may take long.
      return pulses?.refusal(changes) ?? group.commit(changes);
    }
    if ('backup' in asked) return backup(asked.backup);
    if ('end' in asked) return endLife(writer, committer, pulses);
    if ('limits' in asked) {
      limits = asked.limits;
      return space.forget();
    }
    const left = space.look();
    const { sideWorks, ...figures } = writer.figures?.() ?? NOT_ASKED;
    return {
      ...committer.figures,
      ...figures,
      ...{ sideWorks: { ...sideWorks, ...pulses?.sideWorks }, unfit: pulses?.unfit },
      ...{ queued: writer.queued(), trail: writer.trailEnd(), queuedMessagesMax: limits.queuedMessagesMax },
      nearLimits: nearLimits.identities(clock.now()),
      ...{ freeOctets: left?.free, floorOctets: left?.floor, full: left?.because !== undefined },
    } satisfies StoreFigures;
  }

  return {
    greet(_, open) {
      const line = open({
        answer: (question) => answer(question as StoreQuestion),
        closed: () => lines.delete(line),
      });
      lines.add(line);
      for (const notice of pulses?.standing ?? []) line.tell(notice);
    },
  };
}

/** Work that failed in a quiet time is tried again behind a pulse. */
function pulseOf(writer: EngineWriter, { idleSoon }: Committer): EngineWriter['pulse'] {
  const pulse = writer.pulse?.bind(writer);
  if (pulse === undefined) return undefined;
  return (life, isFirst) => {
    const answer = pulse(life, isFirst);
    void Promise.resolve(answer).then(idleSoon, () => undefined);
    return answer;
  };
}

async function endLife(
  writer: EngineWriter,
  committer: Committer,
  pulses: Pulses | undefined,
): Promise<true> {
  const life = pulses?.stop();
  await committer.rested();
  if (life !== undefined) await writer.end?.(life);
  return true;
}

function limitOf(value: number | 'none'): number | undefined {
  return value === 'none' ? undefined : value;
}

interface Committer {
  readonly apply: EngineWriter['apply'];
  idleSoon(): void;
  /** Resolves when no group is under way. */
  rested(): Promise<unknown>;
  readonly figures: Pick<StoreFigures, 'commits' | 'changes' | 'commitMs'>;
}

/** What fails ends the thread: main starts a new writer, and open questions are asked again. */
function createCommitter(
  clock: Clock,
  writer: EngineWriter,
  { end, nearLimits }: { end(this: void, error: unknown): never; readonly nearLimits: NearLimits },
): Committer {
  const figures = { commits: 0, changes: 0, commitMs: 0 };
  const groups = new Set<Promise<unknown>>();
  let idleWanted = false;
  let idling = false;

  /** After everything that waits already, a small piece at once. */
  function idleSoon(): void {
    if (idleWanted) return;
    idleWanted = true;
    if (!idling) clock.after(IDLE_MS, () => void idle().catch(end));
  }

  async function idle(): Promise<void> {
    idleWanted = false;
    idling = true;
    const isMore = await writer.idle();
    idling = false;
    if (!isMore && !idleWanted) return;
    idleWanted = false;
    idleSoon();
  }

  return {
    figures,
    idleSoon,
    rested: () => Promise.all(groups),
    apply(changes, lane) {
      const startedAt = clock.monotonic();
      const done = (outcomes: readonly Outcome[]): readonly Outcome[] => {
        figures.commits += 1;
        figures.changes += changes.length;
        figures.commitMs += clock.monotonic() - startedAt;
        nearLimits.note(changes, outcomes);
        idleSoon();
        return outcomes;
      };
      let outcomes: ReturnType<EngineWriter['apply']>;
      try {
        outcomes = writer.apply(changes, lane);
      } catch (error) {
        return end(error);
      }
      if (!(outcomes instanceof Promise)) return done(outcomes);
      const group: Promise<readonly Outcome[]> = outcomes.then(done, end);
      groups.add(group);
      void group.finally(() => groups.delete(group));
      return group;
    },
  };
}

/** One at a time. A backup must not take the space that mail needs. */
function backupOf(
  engine: Pick<Engine, 'size'>,
  writer: EngineWriter,
  space: SpaceWatch,
): (file: string) => Promise<true> {
  let backingUp = false;
  return async (file) => {
    if (backingUp) throw new Error('a backup is being taken already');
    backingUp = true;
    try {
      await assertRoom(engine, space);
      await writer.copy(file);
      return true;
    } finally {
      backingUp = false;
    }
  };
}

async function assertRoom(engine: Pick<Engine, 'size'>, space: SpaceWatch): Promise<void> {
  const left = space.look();
  if (left === undefined) return;
  const needed = await engine.size();
  if (left.free - needed < left.floor)
    throw new Error(
      `no space for a copy beside the store (${needed} octets, ${left.free} are free, limits.freeSpace keeps ${Math.round(left.floor)}): make some, or take it with the server stopped`,
    );
}
