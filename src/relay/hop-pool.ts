// Connections to the hosts of one route: reused from message to message, at most as many as the hosts take. The state of the hosts is in
// `hosts.ts`, the order of messages in `hop-turns.ts`, and the pause of a route that takes nobody's mail in `outage.ts` (E-Q-6).

import { afterCrowding, connectionsOf, isFarewell, isOfConnection, type Learned } from '../policy/pace.ts';
import type { Clock } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import type { RecipientResult } from '../protocol/delivery/ports.ts';
import { isForNextTransaction, whoGoesAgain, withVerdict } from '../protocol/delivery/portion.ts';
import { attemptOf } from './attempts.ts';
import { createBlame, type Verdict } from './blame.ts';
import type { Attempt, Errand, ErrandResult } from './errand.ts';
import type { Follower, HopConnection, HopResult } from './hop-connection.ts';
import { createTurns, type Turn } from './hop-turns.ts';
import { createHosts } from './hosts.ts';
import { createOutage, type Pass } from './outage.ts';
import { inPortions, type PortionResult, type Way } from './portions.ts';
import { createResting } from './resting.ts';
import type { Hop, RelaySettings } from './settings.ts';

const LONGEST_PAUSE_MS = 900_000;

export interface HopPool {
  deliver(errand: Errand): Promise<ErrandResult>;
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

/** How an errand came to its connection. */
interface Passage {
  readonly way: Way;
  readonly pass: Pass;
}

type Progress = PortionResult | { readonly type: 'waits'; readonly turn: Promise<Turn> | Turn };

const anyWay: Way = { fresh: false };

export function createHopPool(options: PoolOptions): HopPool {
  const { clock, settings } = options;
  const resting = createResting(clock);
  const working: HopConnection[] = [];
  /** How many connections the route takes at once, if it took fewer than configured. */
  let crowded: Learned | undefined;
  const connectionsMax = (): number => connectionsOf(crowded, clock.monotonic(), settings.connectionsMax);
  const turns = createTurns({ clock, connectionsMax });
  const stands = (hop: Hop): boolean => working.some((one) => one.hop === hop) || resting.count(hop) > 0;
  const longestPauseMs = Math.min(settings.retryMs[0] ?? LONGEST_PAUSE_MS, LONGEST_PAUSE_MS);
  const hosts = createHosts({ ...options, follower, rested, stands, longestPauseMs });
  const outage = createOutage({ ...options, hosts, longestPauseMs });
  const blame = createBlame(clock);
  let closed = false;

  /** The next message over this connection; its commands leave with the end of the content before. */
  function follower(connection: HopConnection): Follower | undefined {
    return isEnough(connection) || outage.lasts ? undefined : turns.follower(connection);
  }

  function isEnough({ carried, hop }: HopConnection): boolean {
    return closed || carried >= hosts.messagesMax(hop);
  }

  function rested(connection: HopConnection): void {
    const at = working.indexOf(connection);
    if (at >= 0) working.splice(at, 1);
    giveBack(connection);
    turns.end();
  }

  function giveBack(connection: HopConnection): void {
    if (!connection.usable) return;
    if (connection.isUsedUp || isEnough(connection)) return connection.quit();
    resting.keep(connection);
  }

  /** No connection could be made. While others stand or are being made, the errand takes one of them, or waits for its turn. */
  function refused(error: unknown, errand: Errand, passage: Passage): Promise<Progress> | Progress {
    const idle = resting.count();
    const others = turns.taken - 1 + idle;
    if (others > 0) {
      crowded = afterCrowding(clock.monotonic(), others);
      if (idle > 0) return attempt(errand, passage, true);
      return { type: 'waits', turn: turns.waitAgain(errand, passage.way.fresh) };
    }
    // What was learned of its connections may have been the beginning of the outage.
    crowded = undefined;
    turns.end();
    outage.unreachable(error);
    return outage.waits(true);
  }

  /** A refusal of this host is not the message's fault: the message waits, and the operator is told as long as that lasts. */
  function judged(errand: Errand, remote: string, said: HopResult['results'], pass: Pass): Verdict {
    const verdict = blame.judge(said, errand);
    if (verdict === 'host' || verdict === 'login') {
      const reply = said.find((result) => result.type === 'refused')?.reply;
      const login = { pass, status: `4${reply?.status.slice(1) ?? '.7.0'}` };
      outage.refuses(
        `${remote} refuses our mail: ${reply?.text ?? ''}`,
        verdict === 'login' ? login : undefined,
      );
      // Connections at rest were opened with the login that it now refuses.
      if (verdict === 'login') resting.quitAll();
    } else if (!blame.isOurs) outage.takesMail();
    return verdict;
  }

  /** Over a connection of its own; the turn ends when the connection is at rest again. */
  async function attempt(errand: Errand, passage: Passage, mayReuse = !passage.way.fresh): Promise<Progress> {
    // The new connection takes the place of one at rest.
    if (!mayReuse) resting.take()?.quit();
    const reused = mayReuse ? resting.take() : undefined;
    let connection: HopConnection;
    try {
      connection = reused ?? (await hosts.connect());
    } catch (error) {
      return refused(error, errand, passage);
    }
    if (reused === undefined) outage.reached();
    working.push(connection);
    if (errand.mayGo?.() === false) {
      rested(connection);
      return { type: 'withheld' };
    }
    const result = await connection.deliver(errand);
    return conclude(errand, connection, result, {
      ...passage,
      shared: reused !== undefined,
      followed: false,
    });
  }

  /** `shared`: others used the connection before. Deliveries it turned away have certainly not gone, and go over a fresh connection at once. */
  function conclude(
    errand: Errand,
    connection: HopConnection,
    { results: said, replyLost, messagesBefore, withheld }: HopResult,
    o: Passage & { readonly shared: boolean; readonly followed: boolean },
  ): PortionResult {
    if (withheld === true) return { type: 'withheld' };
    if (replyLost) options.replyLost();
    const verdict = judged(errand, connection.remote, said, o.pass);
    const results = verdict === 'message' ? said : said.map(putOff);
    const turnedAway = replyLost ? undefined : said.find(isOfConnection);
    const { suspect } = o.way;
    const isBetter = turnedAway === undefined && !o.shared && suspect?.hop === connection.hop;
    if (suspect !== undefined && isBetter) hosts.usedUp(suspect.hop, suspect.messages);
    const found = withVerdict(results).map((one) => attemptOf(one, connection));
    const attempts = verdict === 'login' ? untilOver(found) : found;
    if (!o.shared || o.way.fresh || turnedAway === undefined)
      return { type: 'attempted', attempts, again: whoGoesAgain(results) };
    // A farewell after a pause is due to the pause, and a break tells no limit either: neither counts as the number of messages.
    const isNumber = turnedAway.type === 'refused' && (o.followed || !isFarewell(turnedAway));
    const suspected = isNumber ? { suspect: { hop: connection.hop, messages: messagesBefore } } : {};
    const again = [...said.keys()].filter((at) => goesOverAnother(said[at]));
    return { type: 'attempted', attempts, again, way: { fresh: true, ...suspected } };
  }

  function untilOver(attempts: readonly Attempt[]): readonly Attempt[] {
    const { until: againAt } = outage.waits(true);
    return attempts.map((one) => (one.type === 'deferred' ? { ...one, againAt } : one));
  }

  async function deliver(errand: Errand, way: Way): Promise<PortionResult> {
    const pass = outage.enter();
    if (pass === 'shut') return outage.waits(false);
    const passage = { way, pass };
    try {
      const given = turns.take(errand, way.fresh);
      let turn = given instanceof Promise ? await given : given;
      for (;;) {
        if (turn.type === 'withheld') return turn;
        if (turn.type === 'followed') {
          const { connection, result } = turn;
          return conclude(errand, connection, result, { ...passage, shared: true, followed: true });
        }
        if (pass === 'open' && outage.lasts) {
          turns.end();
          return outage.waits(false);
        }
        const result = await attempt(errand, passage);
        if (result.type !== 'waits') return result;
        turn = await result.turn;
      }
    } finally {
      outage.leave(pass);
    }
  }

  return {
    async deliver(errand) {
      const first = await deliver(errand, anyWay);
      const isDone = first.type !== 'attempted' || (first.again?.length ?? 0) === 0;
      return isDone ? first : inPortions(errand, first, (part, way = anyWay) => deliver(part, way));
    },
    close() {
      closed = true;
      turns.close();
      resting.quitAll();
    },
    get connectionsMax() {
      return connectionsMax();
    },
    get messagesMax() {
      return options.hops[0] === undefined ? 0 : hosts.messagesMax(options.hops[0]);
    },
  };
}

function putOff(result: RecipientResult): RecipientResult {
  return result.type === 'refused' ? { ...result, permanent: false } : result;
}

/** The connection was of no use for this recipient, or the transaction had no room for it. */
function goesOverAnother(result: RecipientResult | undefined): boolean {
  return result !== undefined && (isOfConnection(result) || isForNextTransaction(result));
}
