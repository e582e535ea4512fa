// Connections to the hosts of one route: reused from message to message, as many at a time as is good for them. A route whose hosts are all down is
// tried by one errand at a time, not by every message (E-Q-6). What is known of the hosts is in `hosts.ts`, whose turn it is in `hop-turns.ts`.

import { afterCrowding, connectionsOf, freshPace, isFarewell, isOfConnection } from '../policy/pace.ts';
import type { Clock } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import type { RecipientResult } from '../protocol/delivery/ports.ts';
import { whoGoesAgain, withVerdict } from '../protocol/delivery/portion.ts';
import { attemptOf } from './attempts.ts';
import { createBlame } from './blame.ts';
import type { Errand, ErrandResult } from './errand.ts';
import type { Follower, HopConnection, HopResult } from './hop-connection.ts';
import { HopDown } from './hop-down.ts';
import { createTurns, type Turn } from './hop-turns.ts';
import { createHosts } from './hosts.ts';
import { inPortions, type PortionResult, type Way } from './portions.ts';
import type { Hop, RelaySettings } from './settings.ts';

const IDLE_MS = 30_000;
/** Mail that finds its route down waits at least so long. */
const AGAIN_MS = 1_000;
/** And comes back in a line, so many a second: a million that return at once would leave no room for new mail. */
const RETURNS_PER_SECOND = 500;
const LONGEST_PAUSE_MS = 900_000;

export interface HopPool {
  deliver(errand: Errand): Promise<ErrandResult>;
  /** Closes idle connections; those at work are closed when they are done. */
  close(): void;
  readonly open: number;
  readonly down: boolean;
  /** Connections that the route likes, as far as is known. */
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

type Progress = PortionResult | { readonly type: 'waits'; readonly turn: Promise<Turn> };

const anyWay: Way = { fresh: false };

export function createHopPool(options: PoolOptions): HopPool {
  const { clock, settings } = options;
  const idle: { readonly connection: HopConnection; readonly cancel: () => void }[] = [];
  const working: HopConnection[] = [];
  /** What was learned of the route as a whole. */
  let pace = freshPace;
  const connectionsMax = (): number =>
    pace.connections === undefined
      ? settings.connectionsMax
      : connectionsOf(pace, clock.monotonic(), settings.connectionsMax);
  const turns = createTurns({ clock, connectionsMax });
  const stands = (hop: Hop): boolean =>
    working.some((one) => one.hop === hop) ||
    idle.some(({ connection }) => connection.hop === hop && connection.usable);
  const longestPauseMs = Math.min(settings.retryMs[0] ?? LONGEST_PAUSE_MS, LONGEST_PAUSE_MS);
  const hosts = createHosts({ ...options, follower, rested, stands, longestPauseMs });
  const blame = createBlame(clock);
  let closed = false;
  /** When the last in the line comes back; monotonic, ms. */
  let lastReturn = 0;
  let probing = false;
  let lastDown = { diagnostic: '', status: '4.4.1' };
  let toldDown = false;

  /** What goes over this connection next; its commands leave with the end of the content before. */
  function follower(connection: HopConnection): Follower | undefined {
    return isEnough(connection) ? undefined : turns.follower(connection);
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

  function takeIdle(): HopConnection | undefined {
    for (;;) {
      const entry = idle.pop();
      if (entry === undefined) return undefined;
      entry.cancel();
      if (entry.connection.usable) return entry.connection;
    }
  }

  function giveBack(connection: HopConnection): void {
    if (!connection.usable) return;
    if (connection.isUsedUp || isEnough(connection)) return connection.quit();
    const cancel = clock.after(IDLE_MS, () => {
      const at = idle.findIndex((entry) => entry.connection === connection);
      if (at >= 0) idle.splice(at, 1);
      connection.quit();
    });
    idle.push({ connection, cancel });
  }

  /** No connection came about. While others stand or are being made, the errand takes one of them, or waits for its turn. */
  function refused(error: unknown, errand: Errand, way: Way): Promise<Progress> | Progress {
    const diagnostic = error instanceof Error ? error.message : String(error);
    lastDown = { diagnostic, status: error instanceof HopDown ? error.status : '4.4.1' };
    const resting = idle.filter(({ connection }) => connection.usable).length;
    const others = turns.taken - 1 + resting;
    if (others > 0) {
      pace = afterCrowding(pace, clock.monotonic(), others);
      if (resting > 0) return attempt(errand, way, true);
      return { type: 'waits', turn: turns.waitAgain(errand, way.fresh) };
    }
    pace = freshPace;
    turns.end();
    if (!toldDown) options.changed(true, diagnostic);
    toldDown = true;
    return hostDown(true);
  }

  function hostDown(probed: boolean): PortionResult {
    const now = clock.monotonic();
    const until = Math.max(
      ...[now + AGAIN_MS, hosts.downUntil, probed ? 0 : lastReturn + 1000 / RETURNS_PER_SECOND],
    );
    if (!probed) lastReturn = until;
    // The store keeps whole milliseconds.
    return { type: 'hostDown', ...lastDown, until: Math.ceil(clock.now() + until - now), probed };
  }

  function cameBack(): void {
    if (toldDown) options.changed(false, '');
    toldDown = false;
  }

  /** What this host is refused for is nobody's message: it waits, and the operator is told while it is so. */
  function judged(
    errand: Errand,
    { remote }: HopConnection,
    results: HopResult['results'],
  ): HopResult['results'] {
    const wasOurs = blame.isOurs;
    const verdict = blame.judge(results, errand);
    const reply = results.find((result) => result.type === 'refused')?.reply.text ?? '';
    if (wasOurs !== blame.isOurs) options.changed(blame.isOurs, `${remote} refuses our mail: ${reply}`);
    return verdict === 'message' ? results : results.map(putOff);
  }

  /** Over a connection of its own; the turn ends when that is at rest again. */
  async function attempt(errand: Errand, way: Way, mayReuse = !way.fresh): Promise<Progress> {
    // The fresh one takes its place.
    if (!mayReuse) takeIdle()?.quit();
    const reused = mayReuse ? takeIdle() : undefined;
    let connection: HopConnection;
    try {
      connection = reused ?? (await hosts.connect());
    } catch (error) {
      return refused(error, errand, way);
    }
    if (reused === undefined) cameBack();
    working.push(connection);
    if (errand.mayGo?.() === false) {
      rested(connection);
      return { type: 'withheld' };
    }
    const result = await connection.deliver(errand);
    return conclude(errand, connection, result, { way, shared: reused !== undefined, followed: false });
  }

  /** `shared`: others used the connection before; what it was of no use for has not gone, for certain, and goes over a fresh one at once. */
  function conclude(
    errand: Errand,
    connection: HopConnection,
    { results: said, replyLost, messagesBefore }: HopResult,
    o: { readonly way: Way; readonly shared: boolean; readonly followed: boolean },
  ): PortionResult {
    if (replyLost) options.replyLost();
    const results = judged(errand, connection, said);
    const { suspect } = o.way;
    const turnedAway = replyLost
      ? []
      : [...results.keys()].filter((at) => {
          const result = results[at];
          return result !== undefined && isOfConnection(result);
        });
    if (suspect !== undefined && turnedAway.length === 0) hosts.usedUp(suspect.hop, suspect.messages);
    const attempts = withVerdict(results).map((one) => attemptOf(one, connection));
    if (!o.shared || o.way.fresh || turnedAway.length === 0)
      return { type: 'attempted', attempts, again: whoGoesAgain(results) };
    const first = results[turnedAway[0] ?? 0];
    // A farewell after a pause is about the pause, and what broke has no number either.
    const isNumber = first?.type === 'refused' && (o.followed || !isFarewell(first));
    const suspected = isNumber ? { suspect: { hop: connection.hop, messages: messagesBefore } } : {};
    return { type: 'attempted', attempts, again: turnedAway, way: { fresh: true, ...suspected } };
  }

  async function deliver(errand: Errand, way: Way): Promise<PortionResult> {
    const isDown = hosts.down;
    if (isDown && (clock.monotonic() < hosts.downUntil || probing)) return hostDown(false);
    if (isDown) probing = true;
    try {
      const given = turns.take(errand, way.fresh);
      let turn = given instanceof Promise ? await given : given;
      for (;;) {
        if (turn.type === 'withheld') return turn;
        if (turn.type === 'followed')
          return conclude(errand, turn.connection, turn.result, { way, shared: true, followed: true });
        if (!isDown && toldDown) {
          turns.end();
          return hostDown(false);
        }
        const result = await attempt(errand, way);
        if (result.type !== 'waits') return result;
        turn = await result.turn;
      }
    } finally {
      if (isDown) probing = false;
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
      for (let connection = takeIdle(); connection !== undefined; connection = takeIdle()) connection.quit();
    },
    get open() {
      return turns.taken + idle.length;
    },
    get down() {
      return toldDown || blame.isOurs;
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
