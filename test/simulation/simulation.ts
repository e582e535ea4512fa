// One run of one seed: a server with everything real above its platform, next hops, clients and faults under one virtual clock. First the
// faults, then everything heals, then the promises are checked (`promises.ts`).

import { createHash } from 'node:crypto';
import { createAppPassword } from '../../src/identity/app-password.ts';
import type { Identity } from '../../src/record/identity.ts';
import { type Chance, chanceOf } from './chance.ts';
import { runClient } from './client.ts';
import type { SimulatedFront } from './front.ts';
import { Ledger } from './ledger.ts';
import { Host, type NextHops } from './next-hop.ts';
import { SeveralNodes } from './nodes.ts';
import { oneServer } from './one-server.ts';
import { identityIdOf, logins, type Plan, planOf } from './plan.ts';
import { checkNothingIsLeft, checkPromises } from './promises.ts';
import { runFault, type Site } from './site.ts';
import { DAY, HOUR, MINUTE, SECOND, START, VirtualTime } from './time.ts';

export interface Outcome {
  readonly seed: number;
  readonly broken: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
  /** The same for the same plan, on every machine. */
  readonly digest: string;
}

export interface SimulationOptions {
  readonly trace?: (line: string) => void;
}

export function simulateSeed(seed: number, options: SimulationOptions = {}): Promise<Outcome> {
  return simulate(planOf(seed), options);
}

export async function simulate(plan: Plan, options: SimulationOptions = {}): Promise<Outcome> {
  const chance = chanceOf(`run ${plan.seed}`);
  const time = new VirtualTime();
  const ledger = new Ledger(time);
  const { trace } = options;
  if (trace !== undefined)
    ledger.trace = (line) => trace(`${(time.monotonic / SECOND).toFixed(4).padStart(12)} ${line}`);
  const hosts = new Map(
    plan.hosts.map((settings) => {
      const { name } = settings;
      const protocol = name === 'inside' ? 'lmtp' : 'smtp';
      return [name, new Host({ ...settings, protocol }, chance.named(`host ${name}`))];
    }),
  );
  const hops: NextHops = { hosts, time, ledger };
  const named = chance.named('server');
  const site = plan.nodes === undefined ? oneServer(hops, named, plan) : new SeveralNodes(hops, named, plan);
  const stray: unknown[] = [];
  const onStray = (reason: unknown): void => void stray.push(reason);
  process.on('unhandledRejection', onStray);
  try {
    await play({ plan, chance, time, ledger, site }).catch((error: unknown) =>
      ledger.breach(`the run broke off: ${String(error)}`),
    );
    for (const reason of stray)
      ledger.breach(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`);
    const counts = await checkPromises({ plan, site, ledger });
    return { seed: plan.seed, broken: ledger.broken, counts, digest: await digestOf(site, ledger) };
  } finally {
    process.off('unhandledRejection', onStray);
  }
}

interface Stage {
  readonly plan: Plan;
  readonly chance: Chance;
  readonly time: VirtualTime;
  readonly ledger: Ledger;
  readonly site: Site;
}

async function play({ plan, chance, time, ledger, site }: Stage): Promise<void> {
  const passwords = await createIdentities(site, chance);
  let healed = false;
  await within(time, 'start', site.start());
  let open = plan.clients.length;
  for (const client of plan.clients) {
    const own = chance.named(`client ${client.number}`);
    const password = passwords.get(client.login) ?? '';
    void runClient({ time, ledger, plan, password, fronts: site }, client, own).finally(() => (open -= 1));
  }
  for (const fault of plan.faults) void runFault(site, fault, () => healed);
  time.watch = (life) => {
    site.look();
    const front = site.frontOf(life);
    if (front !== undefined) watchMemory(front, plan, ledger);
  };
  await time.runFor(plan.troubleMs);

  ledger.note('everything heals');
  healed = true;
  await within(time, 'healing', site.heal());
  ledger.healedAt = time.wall;
  const limit = time.monotonic + (plan.nodes === undefined ? DAY + 2 * plan.expireMs : HOUR);
  for (;;) {
    while ((open > 0 || (await isBusy(site))) && time.monotonic < limit) await time.runFor(5 * SECOND);
    ledger.note('the end: draining');
    const look = async (): Promise<void> => {
      await time.pause(plan.nodes === undefined ? 5 * MINUTE : MINUTE);
      checkNothingIsLeft(site, ledger);
    };
    await within(time, 'drain', site.stop(MINUTE, look));
    const left = await unfinished(site);
    if (left.messages === 0 && open === 0) return;
    // A message that was being accepted at the drain is left to the next run.
    if (time.monotonic >= limit) return ledger.breach(`not done: ${open} clients, ${JSON.stringify(left)}`);
    await within(time, 'start', site.start());
  }
}

/** Lets time pass until this is done. */
async function within<T>(time: VirtualTime, what: string, work: Promise<T>): Promise<T> {
  let isDone = false;
  const noted = work.finally(() => (isDone = true));
  if (!(await time.runUntil(() => isDone, 2 * HOUR))) throw new Error(`${what}: not done in two hours`);
  return noted;
}

async function isBusy(site: Site): Promise<boolean> {
  if (!site.isWhole) return true;
  if (site.fronts().some(({ parts }) => parts.relay.stats.underWay > 0)) return true;
  return (await unfinished(site)).messages > 0;
}

/** But for reports that were refused for good: those are held until an operator has seen them. */
async function unfinished({ memory }: Site): Promise<{ messages: number; deliveries: readonly object[] }> {
  const { lookups } = memory;
  const refused = await lookups.queueCount({ held: true, from: '' });
  const entries = await lookups.queue({}, { max: 5 + refused });
  const deliveries = entries
    .filter(({ heldBy, message }) => heldBy.length === 0 || message.envelope.reversePath !== '')
    .map(({ delivery, dueAt, heldBy, active }) => ({ ...delivery, dueAt, heldBy, active }));
  return { messages: (await lookups.queueTotals()).messages - refused, deliveries };
}

function watchMemory({ life, parts: { memory, relay } }: SimulatedFront, plan: Plan, ledger: Ledger): void {
  const { memoryOctets } = relay.stats;
  if (memory.used > plan.incomingMemory || memory.used < 0)
    ledger.breach(`${life.name} holds ${memory.used} octets of incoming mail`);
  // What was being accepted when the memory ran full comes on top; a message counts for each of its two routes.
  if (memoryOctets > 2 * (plan.relayMemory + plan.incomingMemory) || memoryOctets < 0)
    ledger.breach(`${life.name} relays ${memoryOctets} octets from memory`);
}

/** Each with an app password, by login. */
async function createIdentities({ memory }: Site, chance: Chance): Promise<ReadonlyMap<string, string>> {
  const passwords = new Map<string, string>();
  for (const login of logins) {
    const device = createAppPassword({ label: 'device', now: START }, chance.named(`password ${login}`));
    passwords.set(login, device.text);
    const id = identityIdOf(login);
    const identity: Identity = {
      ...{ id, login, state: 'active', mailbox: true, rights: [{ kind: 'address', address: login }] },
      ...{ credentials: [device.credential], limits: {}, revision: 1, createdAt: START },
    };
    const payload = { by: 'test', action: 'add', detail: {} };
    const event = { type: 'identityChanged', time: START, identityId: id, payload } as const;
    await memory.store.commit([{ type: 'identity', identity, expectRevision: 0, event }]);
  }
  return passwords;
}

async function digestOf({ memory }: Site, ledger: Ledger): Promise<string> {
  const hash = createHash('sha256');
  const links = await memory.lookups.links({ max: 1_000_000 });
  for (const { link } of links) hash.update(link);
  for (const { at, id } of ledger.takings) hash.update(`${at} ${id}`);
  return hash.digest('hex').slice(0, 16);
}
