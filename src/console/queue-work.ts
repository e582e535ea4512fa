// What an act does to the queue within one request: slice after slice, for ten seconds at most. What is left is done by asking once more.

import { throughDoor } from '../administration/other-doors.ts';
import { isTold } from './told.ts';
import type { QueuePart } from '../administration/queue-selector.ts';
import type { Administration } from '../administration/use-cases.ts';
import type { Clock } from '../platform/platform.ts';
import type { QueueChange } from '../store/queue-change.ts';

export type QueueAction = QueueChange['action'] | 'bounce';

/** How long one request may work. */
export const WORK_MS = 10_000;

interface Slice {
  /** Recipients. */
  readonly changed: number;
  readonly stillHeld: number;
  /** Absent: this was the last one. */
  rest?(): Promise<Slice>;
}

export interface Worked {
  readonly changed: number;
  readonly stillHeld: number;
  /** There may be more. */
  readonly isCut: boolean;
  /** Why it broke off after some were changed. */
  readonly because?: string;
}

/** Throws what a use case throws if nothing was changed before. */
export async function workOn(
  administration: Administration,
  clock: Pick<Clock, 'monotonic'>,
  action: QueueAction,
  parts: readonly QueuePart[],
): Promise<Worked> {
  const until = clock.monotonic() + WORK_MS;
  let changed = 0;
  let stillHeld = 0;
  let isCut = false;
  try {
    for (const part of parts) {
      isCut = clock.monotonic() > until;
      let next: Slice['rest'] | undefined = () => sliceOf(administration, action, part);
      while (next !== undefined && !isCut) {
        const slice: Slice = await next();
        changed += slice.changed;
        stillHeld += slice.stillHeld;
        next = slice.rest?.bind(slice);
        isCut = next !== undefined && clock.monotonic() > until;
      }
      if (isCut) break;
    }
  } catch (error) {
    if (changed === 0 || !isTold(error)) throw error;
    return { changed, stillHeld, isCut: true, because: throughDoor('console', error.message) };
  }
  return { changed, stillHeld, isCut };
}

function sliceOf(administration: Administration, action: QueueAction, part: QueuePart): Promise<Slice> {
  return action === 'bounce' ? bounced(administration, part) : changed(administration, action, part);
}

type Changing = Parameters<Administration['changeQueue']>[0];

async function changed(
  administration: Administration,
  action: QueueChange['action'],
  part: QueuePart,
  after?: Changing['after'],
): Promise<Slice> {
  const { next, ...slice } = await administration.changeQueue({ part, action, after });
  return next === undefined ? slice : { ...slice, rest: () => changed(administration, action, part, next) };
}

type Bouncing = Parameters<Administration['bounceQueue']>[0];

async function bounced(
  administration: Administration,
  part: QueuePart,
  after?: Bouncing['after'],
): Promise<Slice> {
  const { count, next } = await administration.bounceQueue({ part, ...(after && { after }) });
  const slice = { changed: count, stillHeld: 0 };
  return next === undefined ? slice : { ...slice, rest: () => bounced(administration, part, next) };
}
