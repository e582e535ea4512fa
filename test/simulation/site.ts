// What runs in a simulation, as who looks from outside sees it: one server (`one-server.ts`), or several nodes on one store (`nodes.ts`).

import type { MemoryStore } from '../../src/store/memory/store.ts';
import type { Store } from '../../src/store/port.ts';
import type { SimulatedFront } from './front.ts';
import type { NextHops } from './next-hop.ts';
import type { NodePromises } from './node-promises.ts';
import type { FaultPlan } from './plan.ts';
import type { Life } from './time.ts';

export type Heal = (() => Promise<void> | void) | undefined;

export interface Site {
  readonly hops: NextHops;
  readonly memory: MemoryStore;
  /** Whatever runs runs whole. */
  readonly isWhole: boolean;
  /** Every front that ever lived. */
  readonly everyFront: readonly SimulatedFront[];
  /** Whose life this is, if it is a front's that lives. */
  frontOf(life: Life): SimulatedFront | undefined;
  /** When each life was killed, by the virtual clock. */
  readonly killed: ReadonlyMap<Life, number>;
  /** What several nodes promise beyond one server. */
  readonly promises?: NodePromises;
  /** Fronts that live. */
  fronts(): readonly SimulatedFront[];
  /** One that takes connections now, if any does. */
  listening(): SimulatedFront | undefined;
  /** Where operators ask, and who answers them; undefined: nobody. */
  operated(): { readonly store: Store; readonly main: Life } | undefined;
  /** As the service manager does it: a start that fails is tried again. */
  start(): Promise<void>;
  /** `look` sees the threads when they are drained, before they end. */
  stop(graceMs: number, look: () => Promise<void>): Promise<void>;
  /** Lets this fault begin; gives what ends it. `whose`: of which owner the moment was that it waited for. */
  begin(fault: FaultPlan, whose: string | undefined): Heal;
  /** After everything that happens. */
  look(): void;
  /** All faults are over: everything is well from now on. */
  heal(): Promise<void>;
}

/** Lets one fault happen, and heals it when its time is over; `healed` is when all faults are. */
export async function runFault(site: Site, fault: FaultPlan, healed: () => boolean): Promise<void> {
  const { time, ledger } = site.hops;
  await time.pause(fault.at);
  const { moment } = fault;
  const whose =
    moment === undefined
      ? undefined
      : await new Promise<string | undefined>((resolve) => ledger.onMoment(moment, resolve));
  if (healed()) return;
  ledger.note(`FAULT ${JSON.stringify(fault)}`);
  const heal = site.begin(fault, whose);
  await time.pause(fault.lastsMs);
  if (healed()) return;
  await heal?.();
  ledger.note(`healed ${fault.number}`);
}
