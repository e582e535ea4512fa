// The faults: what goes wrong, when, and how it heals.

import type { Identity } from '../../src/record/identity.ts';
import type { Change } from '../../src/store/port.ts';
import type { FaultPlan, Plan } from './plan.ts';
import type { NextHops } from './next-hop.ts';
import { COMMIT_MS } from './disk.ts';
import type { Server } from './server.ts';
import { SECOND } from './time.ts';

/** The longest commit. */
const SLOWEST_MS = 100 * SECOND;

export interface FaultWorld {
  readonly hops: NextHops;
  readonly server: Server;
  readonly plan: Plan;
}

/** Lets one fault happen, and heals it when its time is over; `healed` is when all faults are. */
export async function runFault(world: FaultWorld, fault: FaultPlan, healed: () => boolean): Promise<void> {
  const { time, ledger } = world.hops;
  await time.pause(fault.at);
  const { moment } = fault;
  if (moment !== undefined) await new Promise<void>((resolve) => ledger.onMoment(moment, resolve));
  if (healed()) return;
  ledger.note(`FAULT ${JSON.stringify(fault)}`);
  const heal = begin(world, fault);
  await time.pause(fault.lastsMs);
  if (healed()) return;
  await heal?.();
  ledger.note(`healed ${fault.number}`);
}

type Heal = (() => Promise<void> | void) | undefined;

function begin(world: FaultWorld, fault: FaultPlan): Heal {
  const { server, hops } = world;
  switch (fault.type) {
    case 'killStore':
      server.killStore(fault.awayMs);
      return undefined;
    case 'killLookup':
      server.killLookup();
      return undefined;
    case 'killFront':
      server.killFront();
      return undefined;
    case 'crash':
      server.crash();
      return () => startAgain(world);
    case 'stop': {
      const stopped = server.stop(fault.graceMs);
      return () => stopped.then(() => startAgain(world));
    }
    case 'diskFull':
      server.disk.full = true;
      return () => void (server.disk.full = false);
    case 'diskFails':
      server.disk.failing = true;
      return () => void (server.disk.failing = false);
    case 'slowDisk':
      server.disk.commitMs = Math.min(fault.lastsMs / 2, SLOWEST_MS);
      return () => void (server.disk.commitMs = COMMIT_MS);
    case 'slowRestart':
      server.restartMs = fault.lastsMs;
      return () => void (server.restartMs = 0);
    case 'reload':
      void server.reload();
      return undefined;
    case 'clockStep':
      hops.time.wallAtZero += fault.byMs;
      return undefined;
    case 'suspend':
      void setState(world, fault.login, 'suspended');
      return () => setState(world, fault.login, 'active');
    case 'hold':
      void operate(world, fault.login, 'hold');
      return () => operate(world, fault.login, 'release');
    case 'retry':
      return () => operate(world, fault.login, 'retry');
    case 'mood': {
      const host = hops.hosts.get(fault.host);
      if (host !== undefined) host.mood = fault.mood;
      return () => void (host === undefined ? undefined : (host.mood = 'fine'));
    }
  }
}

/** As the service manager does it: a start that fails is tried again. */
export async function startAgain({ server, hops }: Pick<FaultWorld, 'server' | 'hops'>): Promise<void> {
  while (server.run === undefined) await server.start().catch(() => hops.time.pause(SECOND));
}

/** Everything is well from now on. */
export async function healAll(world: FaultWorld): Promise<void> {
  const { server, hops, plan } = world;
  Object.assign(server.disk, { full: false, failing: false, commitMs: COMMIT_MS });
  server.restartMs = 0;
  await server.reload((settings) => ({
    ...settings,
    store: { ...settings.store, queuedMessagesMax: 'none' },
  }));
  for (const host of hops.hosts.values()) host.mood = 'fine';
  while (server.run?.stopping === true) await hops.time.pause(SECOND);
  for (await startAgain(world); !server.isWhole; await startAgain(world)) await hops.time.pause(SECOND);
  if (mayComeLate(plan)) await hops.time.pause(SLOWEST_MS);
  for (const login of new Set(plan.clients.map((client) => client.login))) {
    await setState(world, login, 'active');
    await operate(world, login, 'release');
  }
}

/** A suspension that a slow or absent store has not come to yet, and that its operator was told of as unknown, would come after its end. */
function mayComeLate({ faults }: Plan): boolean {
  const has = (sought: FaultPlan['type']): boolean => faults.some(({ type }) => type === sought);
  return has('slowDisk') || (has('killStore') && has('suspend'));
}

async function operate(
  world: FaultWorld,
  login: string,
  action: 'hold' | 'release' | 'retry',
): Promise<void> {
  const selector = { from: login };
  const change = { type: 'queue', action, selector, now: world.hops.time.wall, by: 'test' } as const;
  await commit(world, change);
}

/** As the control socket does it: read, change, write, again if somebody was faster. */
async function setState(world: FaultWorld, login: string, state: Identity['state']): Promise<void> {
  const { server, hops } = world;
  const identity = await server.memory.lookups.identityByLogin(login);
  if (identity === undefined || identity.state === state) return;
  const change = {
    type: 'identity',
    identity: { ...identity, state, revision: identity.revision + 1 },
    expectRevision: identity.revision,
    event: {
      type: 'identityChanged',
      time: hops.time.wall,
      identityId: identity.id,
      payload: { by: 'test', action: state, detail: {} },
    },
  } as const;
  await commit(world, change);
}

/** Until the server has said what became of it, or can't say any more. */
async function commit(world: FaultWorld, change: Change): Promise<void> {
  const { run } = world.server;
  const store = run?.supervisor?.store;
  if (run === undefined || store === undefined) return;
  await new Promise<unknown>((resolve) => {
    run.main.onEnd(() => resolve(undefined));
    store.commit([change]).then(resolve, resolve);
  });
}
