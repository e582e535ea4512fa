// What an operator does to the queue: retry, hold, release, drop.

import { changeInSlices, type QueueChange, type QueuePosition } from '../store/queue-change.ts';
import { type Actor, whoActs } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';
import { type QueuePart, selectorOf } from './queue-selector.ts';

/** Recipients in a slice: what others' mail may have to wait for, some 2 ms. */
const SLICE = 200;
/** In one call: whoever asks hears how far it is, and the way to the server costs more than a slice. */
const SLICES = 10;

interface OfPart {
  readonly part: QueuePart;
}

/** How many recipients it means: of a release those that are held, for whatever reason. */
export async function countQueue(
  ports: AdministrationPorts,
  actor: Actor,
  { part, action }: OfPart & Partial<Pick<QueueChange, 'action'>>,
): Promise<number> {
  const selector = await selectorOf(ports, actor, part);
  return ports.lookups.queueCount(action === 'release' ? { ...selector, held: true } : selector);
}

export interface QueueChanged {
  /** Recipients; what is under way, or was so already, is left out. */
  readonly changed: number;
  /** There may be more: to be asked for with this `after`. */
  readonly next?: QueuePosition;
  /** After the end of a release, which lifts the operator's hold alone. */
  readonly stillHeld: number;
}

/** Some slices of the part. Throws `UseCaseFailure`; what was changed before stays so. */
export async function changeQueue(
  ports: AdministrationPorts,
  actor: Actor,
  {
    part,
    action,
    after,
  }: OfPart & Pick<QueueChange, 'action'> & { readonly after?: QueuePosition | undefined },
): Promise<QueueChanged> {
  const selector = await selectorOf(ports, actor, part);
  const command = { action, selector, ...whoActs(ports, actor), max: SLICE };
  const outcome = await changeInSlices(ports.store, command, { slices: SLICES, after });
  if (outcome.type === 'failed') throw new UseCaseFailure(outcome.cause, 'trouble');
  const { count: changed, next } = outcome;
  if (next !== undefined) return { changed, next, stillHeld: 0 };
  const stillHeld = action === 'release' ? await ports.lookups.queueCount({ ...selector, held: true }) : 0;
  return { changed, stillHeld };
}
