// What a writer does beside the changes it is asked for, over a connection of its own, one piece at a time: pulses, and what can wait (`apart.ts`). Before a promise could
// not be kept any more, it says so.

import type { Clock } from '../../platform/platform.ts';
import { createApart } from '../apart.ts';
import type { PulseAnswer } from '../engine.ts';
import type { Place } from '../lease.ts';
import { type Incarnation, ownersOfLife } from '../owner.ts';
import type { StoreNotice } from '../port.ts';
import type { SideWork, SideWorkNotice, SideWorks } from '../side-work.ts';
import type { NodeState } from './change.ts';
import type { Backend } from './backends.ts';
import type { ChainKeeper } from './chains.ts';
import { type Connection, ConnectionLost } from './connection.ts';
import type { Counters } from './counters.ts';
import { openChangeFeed } from './feed.ts';
import { endOver, giveBackSome, pulseOver } from './lives.ts';
import type { PartitionKeeper } from './partitions.ts';
import { depthOf } from './queue-totals.ts';
import { flawNow } from './server-checks.ts';
import { isNotPermitted, unlessInTheWay } from './sql-states.ts';
import { sqlOver } from './sql.ts';
import { NOT_CONFIRMED, type StandbyWatch } from './standby-watch.ts';
import type { StoreClock } from './store-clock.ts';
import { createSweep } from './sweep.ts';

export interface BesideOptions {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly storeClock: StoreClock;
  readonly counters: Counters;
  readonly chains: ChainKeeper;
  readonly partitions: PartitionKeeper;
  readonly node: Pick<NodeState, 'queue' | 'inHand' | 'floors'>;
  /** They work for this writer. */
  readonly backends: readonly Backend[];
  readonly place: Partial<Place>;
  /** Undefined: commits need no standby. */
  readonly standby: StandbyWatch | undefined;
  /** Settings of the server are not looked at. */
  readonly isTrusted: boolean;
  onNotice(notice: StoreNotice): void;
  onSideWork(notice: SideWorkNotice): void;
}

/** Each rejects with `ConnectionLost` if nothing is known about it. */
export interface Beside {
  idle(): Promise<boolean>;
  indexTail(max: number): Promise<boolean>;
  pulse(life: Incarnation, isFirst: boolean): Promise<PulseAnswer>;
  end(life: Incarnation): Promise<void>;
  readonly sideWorks: SideWorks;
  /** After what was begun before: indexes and counts the rest. */
  close(): Promise<void>;
}

/** Mail that is in hand is given back by who may read it. */
function unlessNotPermitted(error: unknown): false {
  if (isNotPermitted(error)) return false;
  throw error;
}

export function workBeside(options: BesideOptions): Beside {
  const { connection, clock, storeClock, counters, chains, partitions, node } = options;
  const { backends, place, onNotice } = options;
  const sql = sqlOver(connection);
  const [sweep, feed] = [createSweep(clock), openChangeFeed(clock)];
  const apart = createApart({
    clock,
    isOver: (error) => error instanceof ConnectionLost,
    tell: (notice) => options.onSideWork(notice),
  });
  const piece = (work: SideWork, its: () => Promise<boolean>): Promise<boolean> =>
    apart.run(work, false, () => unlessInTheWay(its()));
  const flush = (): Promise<boolean> => piece('counters', () => counters.flush(sql));
  let isOwed = false;
  const giveBack = async (): Promise<boolean> => {
    isOwed = await piece('takeover', () =>
      giveBackSome(connection, { now: storeClock.now(), clock, onNotice, floors: node.floors }).catch(
        unlessNotPermitted,
      ),
    );
    return isOwed;
  };
  const inTurn = takingTurns();
  return {
    idle: () =>
      inTurn(async () => {
        // A piece of each: under load there is always more of the first.
        const isMoreToGiveBack = isOwed && (await giveBack());
        const isMoreToIndex = await piece('index', () => chains.keep(connection));
        const isMoreToCount = await flush();
        const isMoreToSweep = await piece('sweep', () => sweep(sql, storeClock.now()));
        await piece('partitions', () => partitions.keep(connection, storeClock.now()));
        return isMoreToGiveBack || isMoreToIndex || isMoreToCount || isMoreToSweep;
      }),
    indexTail: (max) => inTurn(() => chains.indexOwn(connection, max)),
    pulse: (life, isFirst) =>
      inTurn(async () => {
        await storeClock.ask(connection);
        const now = storeClock.now();
        const answer = await pulseOver(connection, {
          ...{ life, isFirst, place, backends, now, feed, apart },
        });
        if (answer.type === 'alive') await giveBack();
        // The lease comes first: nobody waits long for counts.
        await flush();
        await apart.run('totals', node.queue, async () =>
          Object.assign(node.queue, await depthOf(sql, node.inHand.roles())),
        );
        // Others file what it held.
        if (answer.type === 'dead') node.inHand.letGoOf(ownersOfLife(life));
        const unfit = await unfitBecause(options);
        return answer.type !== 'alive' || unfit === undefined ? answer : { ...answer, unfit };
      }),
    end: (life) =>
      inTurn(async () => {
        await storeClock.ask(connection);
        await endOver(connection, { life, now: storeClock.now() }, async (within) => {
          while (await counters.flush(within, 'all'));
        });
      }),
    get sideWorks() {
      return apart.figures;
    },
    async close() {
      await inTurn(async () => {
        await chains.close(connection);
        while (await unlessInTheWay(counters.flush(sql, 'all')));
      });
      await connection.close();
    },
  };
}

function takingTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}

async function unfitBecause({ connection, standby, isTrusted }: BesideOptions): Promise<string | undefined> {
  standby?.look();
  const flaw = await flawNow(connection, standby !== undefined);
  if (isTrusted) return undefined;
  return flaw ?? (standby?.isLate === true ? NOT_CONFIRMED : undefined);
}
