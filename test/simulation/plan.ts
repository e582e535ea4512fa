// What a seed stands for, as plain data: the server, the next hops, the clients and the faults. Each client and each fault draws from a
// source of its own, so that a failing plan can be made smaller by leaving some out.

import { type Chance, chanceOf } from './chance.ts';
import type { HostSettings, Mood } from './next-hop.ts';
import { DAY, HOUR, MINUTE, SECOND } from './time.ts';

export const logins = ['alice@example.org', 'bob@example.org', 'carol@example.org'] as const;

export function identityIdOf(login: string): string {
  return `i-${login.split('@')[0]}`;
}

export interface ClientPlan {
  readonly number: number;
  readonly at: number;
  /** Empty: a stranger, who sends to us alone. */
  readonly login: string;
  readonly messages: number;
  /** Each over a connection of its own, with a login of its own. */
  readonly each: boolean;
  readonly manner: 'plain' | 'pipelined' | 'chunks';
  /** Pause between segments of the content, ms; 0: at once. */
  readonly slowMs: number;
  /** Where it breaks off, if it does. */
  readonly cut?: { readonly message: number; readonly where: Cut; readonly reset: boolean };
  /** How long it reads nothing, ms. */
  readonly deafMs: number;
}

export type Cut = 'envelope' | 'content' | 'beforeEnd' | 'inEnd' | 'afterEnd';

/** A moment that a fault waits for: just after a commit that holds such a change, its answer still under way; or a delivery. */
export type Moment = 'accept' | 'settle' | 'claim' | 'free' | 'identity' | 'taken';

export type FaultPlan = {
  readonly number: number;
  readonly at: number;
  /** Absent: the fault happens at once. */
  readonly moment?: Moment;
  readonly lastsMs: number;
} & (CommonFault | ServerFault | NodesFault);

export type CommonFault =
  | { readonly type: 'suspend' | 'hold' | 'retry'; readonly login: string }
  | { readonly type: 'mood'; readonly host: string; readonly mood: Mood };

/** Of one server. `awayMs`: how long the store does not come back. */
type ServerFault =
  | { readonly type: 'killStore'; readonly awayMs: number }
  | { readonly type: 'stop'; readonly graceMs: number }
  | { readonly type: 'killLookup' | 'killFront' | 'crash' | 'reload' }
  | { readonly type: 'diskFull' | 'diskFails' | 'slowDisk' | 'slowRestart' }
  | { readonly type: 'clockStep'; readonly byMs: number };

/** Of several nodes on one store. `node`: that one, unless the fault waits for a moment: then whose that is. */
export type NodesFault =
  | {
      readonly node: number;
      readonly of:
        /** `isBack`: it is started again when the fault is over. */
        | { readonly type: 'killed'; readonly isBack: boolean }
        /** `stands`: its machine is paused, and its monotonic clock stands still. */
        | { readonly type: 'frozen'; readonly stands: boolean }
        | { readonly type: 'cut'; readonly ways: 'both' | 'answers' }
        | { readonly type: 'clockStep'; readonly byMs: number };
      readonly type: 'node';
    }
  | {
      readonly type: 'database';
      /** `byMs`: by so much the clock of the next host is ahead. */
      readonly of:
        | { readonly type: 'down' | 'still' | 'slow' | 'locked' }
        | { readonly type: 'failOver'; readonly byMs: number };
    };

type DistributiveOmit<T> = T extends FaultPlan ? Omit<T, 'number'> : never;
export type Unnumbered = DistributiveOmit<FaultPlan>;

export function numbered(faults: readonly Unnumbered[]): readonly FaultPlan[] {
  return faults.map((fault, number) => ({ ...fault, number }));
}

/** What goes wrong most in a run: of a mixed one each kind is too rare to meet its like. */
type Theme = 'mixed' | 'stops' | 'suspensions' | 'outages';

const themes: Readonly<
  Record<Theme, Readonly<Partial<Record<(CommonFault | ServerFault)['type'], number>>>>
> = {
  mixed: {
    ...{ killStore: 4, killLookup: 2, killFront: 4, crash: 3, stop: 1 },
    ...{ diskFull: 2, diskFails: 2, slowDisk: 3, slowRestart: 1, reload: 1 },
    ...{ clockStep: 2, suspend: 4, hold: 1, retry: 1, mood: 12 },
  },
  stops: { stop: 6, crash: 1, slowDisk: 1, retry: 1, mood: 4 },
  suspensions: { suspend: 6, hold: 1, retry: 1, mood: 6 },
  outages: { killStore: 6, diskFails: 2, killFront: 2, killLookup: 2, slowDisk: 4, slowRestart: 1, mood: 2 },
};

export interface Plan {
  readonly seed: number;
  /** Several nodes on one store; absent: one server with a disk. */
  readonly nodes?: number;
  /** By how much the clock of each node is ahead from the start, ms; absent: it is right. */
  readonly clocksAhead?: readonly number[];
  readonly fronts: number;
  readonly hosts: readonly Omit<HostSettings, 'protocol'>[];
  readonly hostTls: 'none' | 'opportunistic' | 'required';
  readonly retryMs: readonly number[];
  readonly expireMs: number;
  readonly delayNoticeMs: number;
  readonly connectionsMax: number;
  readonly incomingMemory: number;
  readonly relayMemory: number;
  readonly perIdentity: number;
  readonly messagesPerHour: number | undefined;
  readonly queuedMessagesMax: number | undefined;
  readonly replyMs: number;
  readonly messageOctetsMax: number;
  readonly recipientsMax: number;
  /** How long clients come and faults happen, ms; then everything heals. */
  readonly troubleMs: number;
  readonly clients: readonly ClientPlan[];
  readonly faults: readonly FaultPlan[];
}

const extensions = ['PIPELINING', '8BITMIME', 'SIZE 10000000', 'DSN', 'ENHANCEDSTATUSCODES', 'STARTTLS'];

export function planOf(seed: number): Plan {
  const chance = chanceOf(`seed ${seed}`);
  const isLong = chance.happens(0.03);
  const isCalm = chance.happens(0.1);
  const troubleMs = isLong ? 2 * DAY : chance.between(1, 15) * MINUTE;
  const clients = chance.happens(0.05) ? 40 : 3 + chance.below(12);
  const theme = chance.weighted<Theme>({ mixed: 6, stops: 1, suspensions: 1, outages: 2 });
  const faults = isCalm ? 0 : chance.below(chance.happens(0.2) ? 25 : 10);
  return {
    seed,
    fronts: chance.happens(0.5) ? 1 : 2,
    hosts: ['mta1', 'mta2', 'inside'].map((name) => ({
      name,
      extensions: extensions.filter(() => chance.happens(0.8)),
      ...limitsOf(chance.named(`limits of ${name}`)),
    })),
    hostTls: chance.weighted({ none: 6, opportunistic: 3, required: 1 }),
    ...(isLong
      ? {
          retryMs: [15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR],
          expireMs: 5 * DAY,
          delayNoticeMs: 4 * HOUR,
        }
      : {
          retryMs: [SECOND, 5 * SECOND, 20 * SECOND, MINUTE],
          expireMs: Math.round(chance.between(2, 30) * MINUTE),
          delayNoticeMs: Math.round(chance.between(0.5, 5) * MINUTE),
        }),
    connectionsMax: 1 + chance.below(5),
    incomingMemory: chance.pick([8_000, 60_000, 2_000_000]),
    relayMemory: chance.pick([0, 5_000, 40_000, 2_000_000]),
    perIdentity: chance.pick([1, 3, 200]),
    messagesPerHour: chance.pick([3, 10, undefined, undefined]),
    queuedMessagesMax: chance.named('queue').pick([2, 5, ...Array<undefined>(10).fill(undefined)]),
    replyMs: chance.pick([110 * SECOND, 110 * SECOND, 20 * SECOND, 3 * SECOND]),
    messageOctetsMax: 400_000,
    recipientsMax: 8,
    troubleMs,
    clients: Array.from({ length: clients }, (_, number) =>
      clientOf(number, troubleMs, chance.named(`client ${number}`)),
    ),
    faults: Array.from({ length: faults }, (_, number) =>
      faultOf(number, themes[theme], troubleMs, chance.named(`fault ${number}`)),
    ),
  };
}

/** Every third host has limits. */
function limitsOf(chance: Chance): Pick<HostSettings, 'sessionsMax' | 'messagesMax'> {
  return {
    ...(chance.happens(0.2) ? { sessionsMax: 1 + chance.below(3) } : {}),
    ...(chance.happens(0.2) ? { messagesMax: 1 + chance.below(4) } : {}),
  };
}

function clientOf(number: number, troubleMs: number, chance: Chance): ClientPlan {
  const messages = chance.happens(0.1) ? 10 : 1 + chance.below(4);
  const where = chance.weighted<Cut>({ envelope: 1, content: 1, beforeEnd: 2, inEnd: 1, afterEnd: 4 });
  return {
    number,
    // Some come all at once.
    at: chance.happens(0.3) ? chance.between(0, 50) : chance.between(0, troubleMs),
    login: chance.pick(logins),
    messages,
    each: chance.named('each').happens(0.3),
    manner: chance.weighted({ plain: 2, pipelined: 4, chunks: 2 }),
    slowMs: chance.happens(0.15) ? chance.between(1, 20_000) : 0,
    ...(chance.happens(0.3)
      ? { cut: { message: chance.below(messages), where, reset: chance.happens(0.5) } }
      : {}),
    deafMs: chance.happens(0.05) ? chance.between(1000, 120_000) : 0,
  };
}

function faultOf(
  number: number,
  weights: (typeof themes)[Theme],
  troubleMs: number,
  chance: Chance,
): FaultPlan {
  const at = chance.happens(0.3) ? chance.between(1, 200) : chance.between(0, troubleMs);
  const lastsMs = chance.happens(0.5) ? chance.between(10, 2000) : chance.between(2000, 200_000);
  const moments = ['accept', 'settle', 'claim', 'free', 'taken'] as const;
  const about = { number, at, lastsMs, ...(chance.happens(0.5) ? { moment: chance.pick(moments) } : {}) };
  const type = chance.weighted(weights);
  switch (type) {
    case 'clockStep': {
      const far = chance.happens(0.3) ? 3 * HOUR : 2 * MINUTE;
      return { ...about, type, byMs: Math.round(chance.between(-far, far)) };
    }
    case 'suspend':
    case 'hold':
    case 'retry':
      return { ...about, type, login: chance.pick(logins) };
    case 'mood':
      return {
        ...{ ...about, type, lastsMs: lastsMs * 3, host: chance.pick(['mta1', 'mta2', 'inside']) },
        mood: chance.weighted<Mood>({ refuses: 2, silent: 1, busy: 1, odd: 8 }),
      };
    case 'killStore':
      return { ...about, type, awayMs: chance.happens(0.4) ? chance.between(0, 90) * SECOND : 0 };
    case 'stop':
      return { ...about, type, graceMs: chance.pick([1, 30, 30, 90]) * SECOND };
    case 'killLookup':
    case 'killFront':
    case 'crash':
    case 'diskFull':
    case 'diskFails':
    case 'slowDisk':
    case 'slowRestart':
    case 'reload':
      return { ...about, type };
  }
}
