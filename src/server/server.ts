// A server put together, from what is in force and from what it stands on: its threads in their order, what is asked from outside, the mail, its maintenance. The
// same for the process of the system (`running.ts`) and for the simulation.

import type { Log } from '../observe/log.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { EventDraft } from '../record/events.ts';
import { type EngineChoice, isShared } from '../store/engine-choice.ts';
import { type Descriptors, startMaintenance, type InForceNow } from './maintenance.ts';
import type { StoreLimits } from './store-body.ts';
import type { Steps } from './steps.ts';
import { createSupervisor, type Supervisor } from './supervisor.ts';
import type { Crew } from './thread.ts';

export interface ServerPlan {
  readonly store: EngineChoice;
  readonly storeLimits: StoreLimits;
  /** Number of front threads. */
  readonly fronts: number;
  readonly inForce: InForceNow;
  /** How long what is under way may take to end, ms; asked at the stop. */
  graceMs(): number;
  /** What the trail says of this start. */
  started(): EventDraft;
}

export interface ServerPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly crew: Crew;
  readonly log: Log;
  readonly descriptors: Descriptors;
  /** A line of a front's log, as it is. */
  writeLog(lines: string): void;
  /** Everything that is asked or called from outside, but for SMTP: taken as steps, between the start of the threads and the first mail. */
  openDoors(supervisor: Supervisor): Promise<void>;
  /** Rejects when nobody waits for the start any more. Absent: that never happens. */
  readonly givenUp?: Promise<never>;
}

/** Rejects with what failed; who calls it undoes the steps, and holds the lock of the store until all of them are undone. */
export async function createServer(plan: ServerPlan, ports: ServerPorts, steps: Steps): Promise<Supervisor> {
  const { store, storeLimits, fronts, inForce } = plan;
  const { clock, log } = ports;
  const supervisor = await steps.take(
    'threads',
    () => createSupervisor({ ...ports, plan: inForce.plan, store, storeLimits, fronts }),
    // Fronts relay as soon as they run: a start that fails after that ends no delivery either.
    async (made) => {
      await made.drain(plan.graceMs());
      await made.stop();
    },
  );
  // It may be away for long.
  await steps.take('store thread', () =>
    Promise.race([supervisor.startStore(), ...(ports.givenUp === undefined ? [] : [ports.givenUp])]),
  );
  await steps.take('lookup thread', () => supervisor.startLookup());
  await steps.take('front threads', () => supervisor.startFronts());
  await ports.openDoors(supervisor);
  await steps.take('trail', () => supervisor.store.commit([{ type: 'record', events: [plan.started()] }]));
  await steps.take(
    'listeners',
    () => supervisor.listen(),
    () => supervisor.drain(plan.graceMs()),
  );
  await steps.take(
    'maintenance',
    () =>
      startMaintenance({
        ...{ clock, log, inForce, store: supervisor.store, isShared: isShared(store) },
        ...{ entropy: ports.entropy, descriptors: ports.descriptors },
      }),
    (end) => end(),
  );
  return supervisor;
}
