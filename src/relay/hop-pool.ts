// Connections to the hops of one route: reused from message to message, so many at a time, fail-over in the order of the list. A route
// whose hosts are all down is tried by one errand at a time, not by every message (DESIGN 3.14, E-Q-6).

import type { Clock } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import type { RecipientResult } from '../protocol/delivery/ports.ts';
import { isForNextTransaction, whoGoesAgain, withVerdict } from '../protocol/delivery/portion.ts';
import { isOfAddress } from '../protocol/delivery/results.ts';
import type { Attempt, Errand, ErrandResult } from './errand.ts';
import { type Follower, type HopConnection, type HopResult, openHopConnection } from './hop-connection.ts';
import { HopDown } from './hop-down.ts';
import { createTurns } from './hop-turns.ts';
import { inPortions, type PortionResult } from './portions.ts';
import type { Hop, RelaySettings } from './settings.ts';

const IDLE_MS = 30_000;
const CARRIED_MAX = 500;
const FIRST_BACKOFF_MS = 30_000;
/** Mail that finds its route down waits at least so long. */
const AGAIN_MS = 1_000;
/** And comes back in a line, so many a second: a million that return at once would leave no room for new mail. */
const RETURNS_PER_SECOND = 500;

export interface HopPool {
  deliver(errand: Errand): Promise<ErrandResult>;
  /** Closes idle connections; those at work are closed when they are done. */
  close(): void;
  readonly open: number;
  readonly down: boolean;
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

export function createHopPool(options: PoolOptions): HopPool {
  const { clock, settings } = options;
  const idle: { readonly connection: HopConnection; readonly cancel: () => void }[] = [];
  const turns = createTurns(settings.connectionsMax);
  let closed = false;
  /** A hop takes one message a connection, and says 421 to what follows. */
  let oneByOne = false;
  let failures = 0;
  /** By the clock that never steps: a corrected wall clock must not keep a route down for hours. */
  let downUntil = 0;
  /** When the last in the line comes back; monotonic, ms. */
  let lastReturn = 0;
  let probing = false;
  let lastDown = { diagnostic: '', status: '4.4.1' };

  /** What goes over this connection next; its commands leave with the end of the content before. */
  function follower(connection: HopConnection): Follower | undefined {
    const isEnough = closed || oneByOne || connection.carried >= CARRIED_MAX;
    return isEnough ? undefined : turns.follower(connection);
  }

  function rested(connection: HopConnection): void {
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
    if (closed || connection.carried >= CARRIED_MAX) return connection.quit();
    const cancel = clock.after(IDLE_MS, () => {
      const at = idle.findIndex((entry) => entry.connection === connection);
      if (at >= 0) idle.splice(at, 1);
      connection.quit();
    });
    idle.push({ connection, cancel });
  }

  async function connect(): Promise<HopConnection> {
    let last: unknown;
    for (const hop of options.hops) {
      try {
        return await openHopConnection({ ...options, hop, follower, rested });
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  function wentDown(error: unknown): ErrandResult {
    failures += 1;
    const longest = settings.retryMs[0] ?? FIRST_BACKOFF_MS;
    downUntil = clock.monotonic() + Math.min(longest, FIRST_BACKOFF_MS * 2 ** Math.min(10, failures - 1));
    const diagnostic = error instanceof Error ? error.message : String(error);
    lastDown = { diagnostic, status: error instanceof HopDown ? error.status : '4.4.1' };
    if (failures === 1) options.changed(true, diagnostic);
    return hostDown(true);
  }

  function hostDown(probed: boolean): ErrandResult {
    const now = clock.monotonic();
    const until = Math.max(now + AGAIN_MS, downUntil, probed ? 0 : lastReturn + 1000 / RETURNS_PER_SECOND);
    if (!probed) lastReturn = until;
    // The store keeps whole milliseconds.
    return { type: 'hostDown', ...lastDown, until: Math.ceil(clock.now() + until - now), probed };
  }

  function cameBack(): void {
    if (failures > 0) options.changed(false, '');
    failures = 0;
    downUntil = 0;
  }

  /** Over a connection of its own; the turn ends when that is at rest again. */
  async function attempt(errand: Errand, mayRetry: boolean): Promise<PortionResult> {
    // The second go is over a fresh one: another idle one may be closed as well.
    if (!mayRetry) takeIdle()?.quit();
    const reused = mayRetry ? takeIdle() : undefined;
    let connection: HopConnection;
    try {
      connection = reused ?? (await connect());
    } catch (error) {
      turns.end();
      return wentDown(error);
    }
    cameBack();
    if (errand.mayGo?.() === false) {
      rested(connection);
      return { type: 'withheld' };
    }
    const result = await connection.deliver(errand);
    return conclude(errand, connection, result, mayRetry && reused !== undefined);
  }

  /** A connection that others used before may have been closed by the server meanwhile: then this one has not gone, for certain. */
  function conclude(
    errand: Errand,
    connection: HopConnection,
    result: HopResult,
    mayRetry: boolean,
  ): Promise<PortionResult> | PortionResult {
    if (mayRetry && nothingHappened(result)) return deliver(errand, false);
    if (result.replyLost) options.replyLost();
    const attempts = withVerdict(result.results).map((one) => attemptOf(one, connection, errand));
    return { type: 'attempted', attempts, again: whoGoesAgain(result.results) };
  }

  async function deliver(errand: Errand, mayRetry: boolean): Promise<PortionResult> {
    const isDown = failures > 0;
    if (isDown && (clock.monotonic() < downUntil || probing)) return hostDown(false);
    if (isDown) probing = true;
    try {
      const given = turns.take(errand);
      const own = given instanceof Promise ? await given : given;
      if (own.type === 'withheld') return own;
      if (own.type === 'followed') {
        oneByOne ||= own.result.results.every(isTurnedAway);
        return await conclude(errand, own.connection, own.result, mayRetry);
      }
      if (!isDown && failures > 0) {
        turns.end();
        return hostDown(false);
      }
      return await attempt(errand, mayRetry);
    } finally {
      if (isDown) probing = false;
    }
  }

  return {
    async deliver(errand) {
      const first = await deliver(errand, true);
      return first.type === 'attempted' && first.again?.length === 0
        ? first
        : inPortions(errand, first, (portion) => deliver(portion, true));
    },
    close() {
      closed = true;
      for (let connection = takeIdle(); connection !== undefined; connection = takeIdle()) connection.quit();
    },
    get open() {
      return turns.taken + idle.length;
    },
    get down() {
      return failures > 0;
    },
  };
}

/** The connection was gone, or the server wanted no more messages over it (421 to MAIL). */
function nothingHappened({ results, replyLost }: HopResult): boolean {
  const asked = results.filter((result) => !isOfAddress(result));
  return !replyLost && asked.length > 0 && asked.every((result) => isUnsaid(result) || isTurnedAway(result));
}

function isUnsaid(result: RecipientResult): boolean {
  return result.type === 'undecided' && !result.permanent && result.status === '4.4.2';
}

function isTurnedAway(result: RecipientResult): boolean {
  return result.type === 'refused' && result.command === 'MAIL' && result.reply.code === 421;
}

function attemptOf(result: RecipientResult, connection: HopConnection, { route }: Errand): Attempt {
  const reached = {
    remote: connection.remote,
    ...(connection.tls === undefined ? {} : { tls: connection.tls }),
  };
  const isFinal = route.type === 'hops' && route.hops[0]?.protocol === 'lmtp';
  switch (result.type) {
    case 'accepted': {
      const { status, text } = result.reply;
      return {
        type: isFinal ? 'delivered' : 'relayed',
        status,
        diagnostic: text,
        reportsPassedOn: result.reportsPassedOn,
        ...reached,
      };
    }
    case 'refused': {
      // 552 was meant as 452 (RFC 5321 section 4.5.3.1.10).
      const { reply, permanent } = result;
      const isLater = !permanent || isForNextTransaction(result);
      return {
        type: isLater ? 'deferred' : 'failed',
        status: isLater ? `4${reply.status.slice(1)}` : reply.status,
        diagnostic: reply.text,
        ...reached,
      };
    }
    case 'undecided':
      return {
        type: result.permanent ? 'failed' : 'deferred',
        status: result.status,
        diagnostic: result.diagnostic,
        ...reached,
      };
  }
}
