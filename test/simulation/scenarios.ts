// Runs that lead where chance hardly ever does: what a plan must have for one kind of trouble is set, the rest is of the seed.

import { type Chance, chanceOf } from './chance.ts';
import { type ClientPlan, logins, numbered, type Plan, planOf, type Unnumbered } from './plan.ts';
import { nodes } from './node-scenario.ts';
import { MINUTE, SECOND } from './time.ts';

export type Scenario = 'waiting' | 'garbled' | 'nodes';

const scenarios: Readonly<Record<Scenario, (plan: Plan, chance: Chance) => Plan>> = {
  waiting,
  garbled,
  nodes,
};

export function isScenario(name: string): name is Scenario {
  return Object.hasOwn(scenarios, name);
}

export function planOfScenario(name: Scenario, seed: number): Plan {
  return scenarios[name](planOf(seed), chanceOf(`${name} ${seed}`));
}

/** Nothing but the hosts keeps mail back, and they take one at a time. */
const openDoors = {
  ...{ incomingMemory: 2_000_000, relayMemory: 2_000_000, connectionsMax: 1, perIdentity: 200 },
  ...{ messagesPerHour: undefined, queuedMessagesMax: undefined, replyMs: 110 * SECOND },
  hostTls: 'none',
  ...{ retryMs: [SECOND, 5 * SECOND, 20 * SECOND], expireMs: 30 * MINUTE, delayNoticeMs: 20 * MINUTE },
} satisfies Partial<Plan>;

function clientsOf(count: number, withinMs: number, chance: Chance): readonly ClientPlan[] {
  return Array.from({ length: count }, (_, number) => ({
    ...{ number, at: chance.between(0, withinMs), login: chance.pick(logins), messages: 10, each: false },
    ...{ manner: chance.pick(['plain', 'pipelined', 'chunks'] as const), slowMs: 0, deafMs: 0 },
  }));
}

const ROUNDS = 5;
const ROUND_MS = 40 * SECOND;

/** Mail waits for slow hosts while its identity is suspended; the store may die right after that commit, so that nobody hears of it. */
function waiting(plan: Plan, chance: Chance): Plan {
  const troubleMs = (ROUNDS + 1) * ROUND_MS;
  const rounds = Array.from({ length: ROUNDS }, (_, round): readonly Unnumbered[] => {
    const at = (round + chance.next() / 2 + 0.1) * ROUND_MS;
    const dies = chance.happens(0.7);
    return [
      ...(chance.happens(0.5)
        ? [{ type: 'slowDisk', at: at - 300, lastsMs: chance.between(600, 4000) } as const]
        : []),
      ...(dies
        ? [
            {
              ...({ type: 'killStore', at: at - 1, moment: 'identity', lastsMs: 1 } as const),
              awayMs: chance.pick([0, 4, 10]) * SECOND,
            },
          ]
        : []),
      { type: 'suspend', at, lastsMs: ROUND_MS / 2, login: chance.pick(logins) },
    ];
  });
  return {
    ...{ ...plan, ...openDoors, troubleMs },
    clients: clientsOf(16, troubleMs * 0.8, chance),
    faults: numbered([...moods('odd', troubleMs), ...rounds.flat()]),
  };
}

/** Hosts lose the end of a message that another follows, and then say what is no reply. */
function garbled(plan: Plan, chance: Chance): Plan {
  const troubleMs = 2 * MINUTE;
  return {
    ...{ ...plan, ...openDoors, troubleMs },
    hosts: plan.hosts.map(({ name }) => ({ name, extensions: ['PIPELINING', '8BITMIME'] })),
    clients: clientsOf(8, 100, chance),
    faults: numbered(moods('garbled', troubleMs)),
  };
}

function moods(mood: 'odd' | 'garbled', lastsMs: number): readonly Unnumbered[] {
  return ['mta1', 'mta2'].map((host) => ({ type: 'mood', at: 0, lastsMs, host, mood }));
}
