// How much mail an identity had on each day (UTC), counted from the newest events of the trail that name it: the same count for every engine.

import { DAY } from '../base/duration.ts';
import type { EventType } from '../record/events.ts';

/** `accepted`: messages. `delivered`, `deferred`, `failed`: recipients of attempts. `refused`: replies. */
export interface DayCounts {
  /** When the day began, milliseconds since the epoch. */
  readonly at: number;
  readonly accepted: number;
  readonly delivered: number;
  readonly deferred: number;
  readonly failed: number;
  readonly refused: number;
}

export interface Days {
  /** Those on which there was something, newest first. */
  readonly days: readonly DayCounts[];
  /** So many events were not enough: the oldest of these days is not whole, and older ones are missing. */
  readonly isCut: boolean;
}

/** `count`: so many refusals it stands for. */
export interface CountedEvent {
  readonly time: number;
  readonly type: EventType;
  readonly count?: number;
}

const kinds: Readonly<Partial<Record<EventType, keyof DayCounts>>> = {
  ...{ accepted: 'accepted', delivered: 'delivered', relayed: 'delivered', deferred: 'deferred' },
  ...{ failed: 'failed', expired: 'failed', refused: 'refused' },
};

/** As many as PostgreSQL counts while a page is waited for. One more than are counted tells that there are more. */
export const DAY_EVENTS_MAX = 4000;

/** `events`: newest first, at most one more than `DAY_EVENTS_MAX`. */
export function daysOf(events: readonly CountedEvent[], since: number): Days {
  const counted = events.slice(0, DAY_EVENTS_MAX).filter(({ time }) => time >= since);
  return { days: countedByDay(counted), isCut: events.length > DAY_EVENTS_MAX };
}

/** In any order; `time` may be any of its day. */
export function countedByDay(events: readonly CountedEvent[]): readonly DayCounts[] {
  const days = new Map<number, Record<keyof DayCounts, number>>();
  for (const { time, type, count = 1 } of events) {
    const kind = kinds[type];
    if (kind === undefined) continue;
    const at = Math.floor(time / DAY) * DAY;
    const day = days.get(at) ?? { at, accepted: 0, delivered: 0, deferred: 0, failed: 0, refused: 0 };
    day[kind] += count;
    days.set(at, day);
  }
  return [...days.values()].toSorted((one, other) => other.at - one.at);
}
