// Plans for several nodes on one store: nodes die, freeze, are cut off and come back; the database is away, slow, or on a host with another clock. What a plan
// has most of leads to one rule of leases that would else hardly be met.

import type { Chance } from './chance.ts';
import { type ClientPlan, logins, type NodesFault, numbered, type Plan, type Unnumbered } from './plan.ts';
import { DAY, HOUR, MINUTE, SECOND } from './time.ts';

const TROUBLE_MS = 100 * SECOND;
const NODES = 3;

/**
 * `late`: answers that come when others have taken over. `suspensions`: of whom a node does not hear in time. `edge`: of a lease, by a clock that jumps. `outages`: of the
 * database, for as long as a client waits for its 250.
 */
type Theme = 'mixed' | 'late' | 'suspensions' | 'edge' | 'outages';

const themes: Readonly<Record<Theme, (chance: Chance) => Partial<Plan>>> = {
  ...{ mixed, late, suspensions, edge, outages },
};

type OfNode = Extract<NodesFault, { readonly type: 'node' }>['of'];

/** Nothing but the nodes keeps mail back. */
const openDoors = {
  ...{ incomingMemory: 2_000_000, relayMemory: 2_000_000, connectionsMax: 5, perIdentity: 200 },
  ...{ messagesPerHour: undefined, queuedMessagesMax: undefined, replyMs: 110 * SECOND, hostTls: 'none' },
  ...{ retryMs: [SECOND, 5 * SECOND, 20 * SECOND], expireMs: 5 * DAY, delayNoticeMs: 4 * HOUR },
} satisfies Partial<Plan>;

export function nodes(plan: Plan, chance: Chance): Plan {
  const theme = chance.weighted<Theme>({ mixed: 5, late: 2, suspensions: 2, edge: 2, outages: 2 });
  return {
    ...{ ...plan, ...openDoors, troubleMs: TROUBLE_MS, nodes: NODES, fronts: 1 },
    clocksAhead: chance.happens(0.4) ? [Math.round(chance.between(-1, 1) * HOUR)] : [],
    hosts: plan.hosts.map(({ name }) => ({ name, extensions: ['PIPELINING', '8BITMIME'] })),
    clients: clientsOf(12, chance.named('clients')),
    faults: [],
    ...themes[theme](chance.named(theme)),
  };
}

/** `messages`: of each client, one right after the other. */
function clientsOf(
  count: number,
  chance: Chance,
  { withinMs = TROUBLE_MS, messages = 4 } = {},
): readonly ClientPlan[] {
  return Array.from({ length: count }, (_, number) => ({
    ...{ number, at: chance.between(0, withinMs), messages, each: false, slowMs: 0, deafMs: 0 },
    login: chance.happens(0.3) ? '' : chance.pick(logins),
    manner: chance.pick(['plain', 'pipelined', 'chunks'] as const),
  }));
}

function moods(mood: 'odd' | 'slow', ...hosts: readonly string[]): readonly Unnumbered[] {
  return hosts.map((host) => ({ type: 'mood', at: 0, lastsMs: TROUBLE_MS, host, mood }));
}

function mixed(chance: Chance): Partial<Plan> {
  const isOdd = chance.happens(0.3);
  const count = 1 + chance.below(5);
  const faults = Array.from({ length: count }, (_, number) => anyFault(chance.named(`fault ${number}`)));
  return { faults: numbered([...(isOdd ? moods('odd', 'mta1', 'mta2') : []), ...faults]) };
}

/** Cut off at a commit whose answer does not come, most often for longer than the lease. */
function late(chance: Chance): Partial<Plan> {
  const faults = Array.from({ length: 3 }, (_, round): Unnumbered => {
    const at = (0.1 + round / 3) * TROUBLE_MS;
    const moment = chance.pick(['accept', 'accept', 'claim', 'settle'] as const);
    const of: OfNode = chance.happens(0.7)
      ? { type: 'cut', ways: chance.pick(['both', 'answers']) }
      : { type: 'frozen', stands: chance.happens(0.3) };
    return { at, moment, lastsMs: chance.between(6, 27) * SECOND, type: 'node', node: round, of };
  });
  return { faults: numbered(faults) };
}

/** Mail waits for slow hosts at a node that is cut off, and its sender is suspended elsewhere; that may be told late. */
function suspensions(chance: Chance): Partial<Plan> {
  const faults = Array.from({ length: 3 }, (_, round): readonly Unnumbered[] => {
    const at = (0.1 + round / 3) * TROUBLE_MS;
    const of = chance.pick([
      { type: 'cut', ways: 'both' },
      { type: 'cut', ways: 'answers' },
      { type: 'frozen', stands: true },
      { type: 'frozen', stands: false },
    ] as const);
    const lastsMs = of.type === 'frozen' ? chance.between(0.5, 8) * SECOND : 25 * SECOND;
    return [
      { at, lastsMs, type: 'node', node: round, of },
      {
        at: at + chance.between(0, 6 * SECOND),
        lastsMs: 15 * SECOND,
        type: 'suspend',
        login: chance.pick(logins),
      },
    ];
  });
  return {
    ...{
      connectionsMax: 1,
      clients: clientsOf(16, chance.named('clients'), { withinMs: TROUBLE_MS * 0.8, messages: 7 }),
    },
    faults: numbered([
      ...(chance.happens(0.5) ? [database('locked')] : []),
      ...moods('slow', 'mta1', 'mta2', 'inside'),
      ...faults.flat(),
    ]),
  };
}

/**
 * Many strangers, whose mail only the lease keeps back. A node is cut off, and the database goes over to a host whose clock is ahead; or it is stopped, and its clock set
 * back.
 */
function edge(chance: Chance): Partial<Plan> {
  const faults = Array.from({ length: 3 }, (_, round): readonly Unnumbered[] => {
    const at = (0.1 + round / 3) * TROUBLE_MS;
    const byMs = Math.round(chance.between(1.5, 5) * SECOND);
    const [of, jump]: readonly [OfNode, Unnumbered] = chance.happens(0.5)
      ? [
          { type: 'cut', ways: 'both' },
          { at, lastsMs: chance.between(20, 1500), type: 'database', of: { type: 'failOver', byMs } },
        ]
      : [
          { type: 'frozen', stands: false },
          { at, lastsMs: 0, type: 'node', node: round, of: { type: 'clockStep', byMs: -10 * byMs } },
        ];
    return [
      { at, lastsMs: 27 * SECOND, type: 'node', node: round, of },
      { ...jump, at: at + chance.between(0, 13 * SECOND) },
    ];
  });
  const clients = clientsOf(14, chance.named('clients'), { messages: 7 }).map((client) => ({
    ...client,
    login: '',
  }));
  return {
    ...{ clients, connectionsMax: 1 },
    faults: numbered([...moods('slow', 'inside'), ...faults.flat()]),
  };
}

function database(type: 'slow' | 'locked'): Unnumbered {
  return { at: 0, lastsMs: TROUBLE_MS, type: 'database', of: { type } };
}

/** Who accepted last before the outage gives up when the database has just come back, and is slow. */
function outages(chance: Chance): Partial<Plan> {
  const at = 0.15 * TROUBLE_MS;
  const type = chance.pick(['down', 'still'] as const);
  return {
    clients: clientsOf(16, chance.named('clients'), { withinMs: at + 15 * SECOND }),
    faults: numbered([
      ...(chance.happens(0.5) ? [database('slow')] : []),
      { at, lastsMs: chance.between(22, 38) * SECOND, type: 'database', of: { type } },
    ]),
  };
}

const nodeFaults = { killed: 4, frozen: 5, cut: 5, clockStep: 2 };
const databaseFaults = { down: 1, still: 1, slow: 1, failOver: 2 };

function anyFault(chance: Chance): Unnumbered {
  const lastsMs = chance.pick([
    chance.between(10, 6 * SECOND),
    chance.between(8 * SECOND, 22 * SECOND),
    chance.between(20 * SECOND, 90 * SECOND),
  ]);
  const moment = chance.pick(['accept', 'settle', 'claim', 'taken'] as const);
  const at = chance.between(SECOND, TROUBLE_MS);
  const about = { at, lastsMs, ...(chance.happens(0.7) ? { moment } : {}) };
  const kind = chance.weighted({ node: 18, database: 5, suspend: 4 });
  if (kind === 'suspend') return { ...about, type: 'suspend', login: chance.pick(logins) };
  if (kind === 'node') return { ...about, type: 'node', node: chance.below(NODES), of: nodeFault(chance) };
  const type = chance.weighted(databaseFaults);
  if (type === 'down' || type === 'still')
    return { ...about, lastsMs: Math.min(lastsMs, MINUTE), type: 'database', of: { type } };
  if (type === 'slow') return { ...about, type: 'database', of: { type } };
  const byMs = Math.round(chance.between(-5, 5) * SECOND);
  return { ...about, lastsMs: chance.between(100, 3 * SECOND), type: 'database', of: { type, byMs } };
}

function nodeFault(chance: Chance): OfNode {
  const type = chance.weighted(nodeFaults);
  switch (type) {
    case 'killed':
      return { type, isBack: chance.happens(0.4) };
    case 'frozen':
      return { type, stands: chance.happens(0.4) };
    case 'cut':
      return { type, ways: chance.pick(['both', 'both', 'answers']) };
    case 'clockStep':
      return { type, byMs: Math.round(chance.between(-1, 1) * HOUR) };
  }
}
