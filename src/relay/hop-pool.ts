// Connections to the hosts of one route: reused from message to message, at most as many as the hosts take. The state of the hosts is in
// `hosts.ts`, the order of messages in `hop-turns.ts`, the pause of a route that takes nobody's mail in `outage.ts` (E-Q-6), and what is learned from a
// delivery in `conclusions.ts`.

import { afterCrowding, connectionsOf, type Learned } from '../policy/pace.ts';
import type { Clock } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import { createBlame } from './blame.ts';
import { Conclusions, type Passage } from './conclusions.ts';
import type { DeliveryJob, JobResult } from './delivery-job.ts';
import type { Follower, HopConnection } from './hop-connection.ts';
import { createTurns, type Turn, type Turns } from './hop-turns.ts';
import { createHosts, type Hosts } from './hosts.ts';
import { createOutage, type Outage } from './outage.ts';
import { inPortions, type PortionResult, type Way } from './portions.ts';
import { createResting, type Resting } from './resting.ts';
import type { Hop, RelaySettings } from './settings.ts';

const LONGEST_PAUSE_MS = 900_000;

export interface HopPool {
  deliver(job: DeliveryJob): Promise<JobResult>;
  /** Closes idle connections; those at work are closed when they are done. */
  close(): void;
  /** Connections that the route takes at once, as far as is known. */
  readonly connectionsMax: number;
  /** Messages that its first host takes over one connection. */
  readonly messagesMax: number;
}

export interface PoolOptions {
  readonly hops: readonly Hop[];
  readonly settings: Pick<RelaySettings, 'hostname' | 'ca' | 'connectionsMax' | 'retryMs'>;
  readonly network: Network;
  readonly clock: Clock;
  /** The route went down or came back. */
  changed(down: boolean, diagnostic: string): void;
  replyLost(): void;
}

type Progress = PortionResult | { readonly type: 'waits'; readonly turn: Promise<Turn> | Turn };

const anyWay: Way = { fresh: false };

export function createHopPool(options: PoolOptions): HopPool {
  return new RunningPool(options);
}

class RunningPool implements HopPool {
  readonly #options: PoolOptions;
  readonly #resting: Resting;
  readonly #working: HopConnection[] = [];
  readonly #turns: Turns;
  readonly #hosts: Hosts;
  readonly #outage: Outage;
  readonly #conclusions: Conclusions;
  /** How many connections the route takes at once, if it took fewer than configured. */
  #crowded: Learned | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    const { clock, settings } = options;
    const longestPauseMs = Math.min(settings.retryMs[0] ?? LONGEST_PAUSE_MS, LONGEST_PAUSE_MS);
    const resting = createResting(clock);
    this.#options = options;
    this.#resting = resting;
    this.#turns = createTurns({ clock, connectionsMax: () => this.connectionsMax });
    this.#hosts = createHosts({
      ...options,
      follower: (connection) => this.#follower(connection),
      rested: (connection) => this.#rested(connection),
      stands: (hop) => this.#working.some((one) => one.hop === hop) || resting.count(hop) > 0,
      longestPauseMs,
    });
    this.#outage = createOutage({ ...options, hosts: this.#hosts, longestPauseMs });
    this.#conclusions = new Conclusions({
      ...{ hosts: this.#hosts, outage: this.#outage, blame: createBlame(clock), resting },
      replyLost: () => options.replyLost(),
    });
  }

  async deliver(job: DeliveryJob): Promise<JobResult> {
    const first = await this.#deliver(job, anyWay);
    const isDone = first.type !== 'attempted' || (first.again?.length ?? 0) === 0;
    return isDone ? first : inPortions(job, first, (part, way = anyWay) => this.#deliver(part, way));
  }

  close(): void {
    this.#closed = true;
    this.#turns.close();
    this.#resting.quitAll();
  }

  get connectionsMax(): number {
    const { clock, settings } = this.#options;
    return connectionsOf(this.#crowded, clock.monotonic(), settings.connectionsMax);
  }

  get messagesMax(): number {
    const [first] = this.#options.hops;
    return first === undefined ? 0 : this.#hosts.messagesMax(first);
  }

  async #deliver(job: DeliveryJob, way: Way): Promise<PortionResult> {
    const turns = this.#turns;
    const pass = this.#outage.enter();
    if (pass === 'shut') return this.#outage.waits(false);
    const passage = { way, pass };
    try {
      const given = turns.take(job, way.fresh);
      let turn = given instanceof Promise ? await given : given;
      for (;;) {
        if (turn.type === 'withheld') return turn;
        if (turn.type === 'followed') {
          const { connection, result } = turn;
          return this.#conclusions.of(job, connection, result, {
            ...passage,
            shared: true,
            followed: true,
          });
        }
        if (pass === 'open' && this.#outage.lasts) {
          turns.end();
          return this.#outage.waits(false);
        }
        const result = await this.#attempt(job, passage);
        if (result.type !== 'waits') return result;
        turn = await result.turn;
      }
    } finally {
      this.#outage.leave(pass);
    }
  }

  /** Over a connection of its own; the turn ends when the connection is at rest again. */
  async #attempt(job: DeliveryJob, passage: Passage, mayReuse = !passage.way.fresh): Promise<Progress> {
    // The new connection takes the place of one at rest.
    if (!mayReuse) this.#resting.take()?.quit();
    const reused = mayReuse ? this.#resting.take() : undefined;
    let connection: HopConnection;
    try {
      connection = reused ?? (await this.#hosts.connect());
    } catch (error) {
      return this.#refused(error, job, passage);
    }
    if (reused === undefined) this.#outage.reached();
    this.#working.push(connection);
    if (job.mayGo?.() === false) {
      this.#rested(connection);
      return { type: 'withheld' };
    }
    const result = await connection.deliver(job);
    const shared = reused !== undefined;
    return this.#conclusions.of(job, connection, result, { ...passage, shared, followed: false });
  }

  /** No connection could be made. While others stand or are being made, the job takes one of them, or waits for its turn. */
  #refused(error: unknown, job: DeliveryJob, passage: Passage): Promise<Progress> | Progress {
    const idle = this.#resting.count();
    const others = this.#turns.taken - 1 + idle;
    if (others > 0) {
      this.#crowded = afterCrowding(this.#options.clock.monotonic(), others);
      if (idle > 0) return this.#attempt(job, passage, true);
      return { type: 'waits', turn: this.#turns.waitAgain(job, passage.way.fresh) };
    }
    // What was learned of its connections may have been the beginning of the outage.
    this.#crowded = undefined;
    this.#turns.end();
    this.#outage.unreachable(error);
    return this.#outage.waits(true);
  }

  /** The next message over this connection; its commands leave with the end of the content before. */
  #follower(connection: HopConnection): Follower | undefined {
    return this.#isEnough(connection) || this.#outage.lasts ? undefined : this.#turns.follower(connection);
  }

  #isEnough({ carried, hop }: HopConnection): boolean {
    return this.#closed || carried >= this.#hosts.messagesMax(hop);
  }

  #rested(connection: HopConnection): void {
    const at = this.#working.indexOf(connection);
    if (at >= 0) this.#working.splice(at, 1);
    this.#giveBack(connection);
    this.#turns.end();
  }

  #giveBack(connection: HopConnection): void {
    if (!connection.usable) return;
    if (connection.isUsedUp || this.#isEnough(connection)) return connection.quit();
    this.#resting.keep(connection);
  }
}
