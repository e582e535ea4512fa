// What an operator does to the queue: retry, hold, release, drop.

import type { QueueChange } from '../store/port.ts';
import { type Actor, byOf } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';
import { type QueuePart, selectorOf } from './queue-selector.ts';

interface OfPart {
  readonly part: QueuePart;
}

/** How many recipients it means. */
export async function countQueue(
  ports: AdministrationPorts,
  _actor: Actor,
  { part }: OfPart,
): Promise<number> {
  return ports.lookups.queueCount(await selectorOf(ports, part));
}

export interface QueueChanged {
  /** Recipients; what is under way, or was so already, is left out. */
  readonly changed: number;
  /** After a release, which lifts the operator's hold alone. */
  readonly stillHeld: number;
}

export async function changeQueue(
  ports: AdministrationPorts,
  actor: Actor,
  { part, action }: OfPart & Pick<QueueChange, 'action'>,
): Promise<QueueChanged> {
  const selector = await selectorOf(ports, part);
  const change = { type: 'queue', action, selector, now: ports.clock.now(), by: byOf(actor) } as const;
  const [outcome] = await ports.store.commit([change]);
  if (outcome.type === 'failed') throw new UseCaseFailure(outcome.cause, 'trouble');
  const stillHeld = action === 'release' ? await ports.lookups.queueCount({ ...selector, held: true }) : 0;
  return { changed: outcome.count, stillHeld };
}
