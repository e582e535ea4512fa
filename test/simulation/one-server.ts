// One server with a disk of its own: what goes wrong with it, and how it heals.

import { engineIn } from '../../src/store/engine-choice.ts';
import { openMemoryStore } from '../../src/store/memory/store.ts';
import type { Chance } from './chance.ts';
import { beginCommon, isCommon } from './common-faults.ts';
import { COMMIT_MS, Disk } from './disk.ts';
import type { NextHops } from './next-hop.ts';
import { operate, setState } from './operator.ts';
import type { FaultPlan, Plan } from './plan.ts';
import { Server } from './server.ts';
import { settingsOf } from './settings.ts';
import type { Heal, Site } from './site.ts';
import { SECOND } from './time.ts';

/** The longest commit. */
const SLOWEST_MS = 100 * SECOND;

interface Parts {
  readonly hops: NextHops;
  readonly server: Server;
  readonly disk: Disk;
  readonly plan: Plan;
}

export function oneServer(hops: NextHops, chance: Chance, plan: Plan): Site {
  const { time, ledger } = hops;
  const memory = openMemoryStore({ clock: time.clockOf(time.outside), entropy: chance.named('store') });
  const disk = new Disk({
    ...{ time, chance: chance.named('disk'), memory },
    committed: (changes, outcomes) => ledger.committed(changes, outcomes),
  });
  const server = new Server({
    ...{ hops, chance, settings: settingsOf(plan), frontCount: plan.fronts, memory, storage: disk },
    engine: engineIn('simulated'),
  });
  const parts = { hops, server, disk, plan };
  const site: Site = {
    ...{ hops, memory, killed: server.killed },
    get everyFront() {
      return server.everyFront;
    },
    frontOf: (life) => server.frontOf(life),
    get isWhole() {
      return server.isWhole;
    },
    fronts: () => server.fronts(),
    listening: () => server.listening(),
    operated: () => server.operated(),
    start: () => startAgain(parts),
    stop: (graceMs, look) => server.stop(graceMs, look),
    begin: (fault) => (isCommon(fault) ? beginCommon(site, fault) : begin(parts, fault)),
    look: () => undefined,
    heal: () => heal(parts, site),
  };
  return site;
}

function begin(parts: Parts, fault: FaultPlan): Heal {
  const { server, disk, hops } = parts;
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
      return () => startAgain(parts);
    case 'stop': {
      const stopped = server.stop(fault.graceMs);
      return () => stopped.then(() => startAgain(parts));
    }
    case 'diskFull':
      disk.full = true;
      return () => void (disk.full = false);
    case 'diskFails':
      disk.failing = true;
      return () => void (disk.failing = false);
    case 'slowDisk':
      disk.commitMs = Math.min(fault.lastsMs / 2, SLOWEST_MS);
      return () => void (disk.commitMs = COMMIT_MS);
    case 'slowRestart':
      server.restartMs = fault.lastsMs;
      return () => void (server.restartMs = 0);
    case 'reload':
      void server.reload();
      return undefined;
    case 'clockStep':
      hops.time.wallAtZero += fault.byMs;
      return undefined;
    case 'database':
    case 'hold':
    case 'mood':
    case 'node':
    case 'retry':
    case 'suspend':
      throw new Error(`one server knows no fault ${fault.type}`);
  }
}

async function startAgain({ server, hops }: Parts): Promise<void> {
  while (server.run === undefined) await server.start().catch(() => hops.time.pause(SECOND));
}

async function heal(parts: Parts, site: Site): Promise<void> {
  const { server, disk, hops, plan } = parts;
  Object.assign(disk, { full: false, failing: false, commitMs: COMMIT_MS });
  server.restartMs = 0;
  await server.reload((settings) => ({
    ...settings,
    store: { ...settings.store, queuedMessagesMax: 'none' },
  }));
  for (const host of hops.hosts.values()) host.mood = 'fine';
  while (server.run?.stopping === true) await hops.time.pause(SECOND);
  for (await startAgain(parts); !server.isWhole; await startAgain(parts)) await hops.time.pause(SECOND);
  if (mayComeLate(plan)) await hops.time.pause(SLOWEST_MS);
  for (const login of new Set(plan.clients.map((client) => client.login))) {
    await setState(site, login, 'active');
    await operate(site, login, 'release');
  }
}

/** A suspension that a slow or absent store has not come to yet, and that its operator was told of as unknown, would come after its end. */
function mayComeLate({ faults }: Plan): boolean {
  const has = (sought: FaultPlan['type']): boolean => faults.some(({ type }) => type === sought);
  return has('slowDisk') || (has('killStore') && has('suspend'));
}
