// Sending limits of one identity, as a pure function: a sliding hour and a sliding day, each made of the current window and the
// part of the previous one that still counts. Over the hour: soft (451 4.7.1); over four times as much in a day: hard (550 5.7.1).

export type LimitName =
  | 'messagesPerHour'
  | 'recipientsPerHour'
  | 'nullSenderPerHour'
  | 'messagesPerDay'
  | 'recipientsPerDay'
  | 'nullSenderPerDay';

/** Per hour; undefined lifts the limit. */
export interface LimitValues {
  readonly messagesPerHour?: number;
  readonly recipientsPerHour?: number;
  readonly nullSenderPerHour?: number;
}

/** What one message costs. */
export interface Charge {
  readonly at: number;
  readonly recipients: number;
  readonly nullSender: boolean;
}

interface Counts {
  readonly messages: number;
  readonly recipients: number;
  readonly nullSender: number;
}

interface Window {
  /** Start of the current window, ms since the epoch. */
  readonly start: number;
  readonly current: Counts;
  readonly previous: Counts;
}

export interface Counter {
  readonly hour: Window;
  readonly day: Window;
}

export type ChargeOutcome =
  | {
      readonly type: 'charged';
      readonly counter: Counter;
      /** Absent: no limit is near its end. Else one is until then, if nothing more is charged; milliseconds since the epoch. */
      readonly nearUntil?: number;
    }
  | { readonly type: 'limited'; readonly limit: LimitName; readonly hard: boolean };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY_FACTOR = 4;
/** From this part of it on a limit is near its end. */
export const NEAR = 0.8;
const none: Counts = { messages: 0, recipients: 0, nullSender: 0 };

export const emptyCounter: Counter = {
  hour: { start: 0, current: none, previous: none },
  day: { start: 0, current: none, previous: none },
};

function roll(window: Window, at: number, length: number): Window {
  const start = Math.floor(at / length) * length;
  // The clock had been far ahead: counts of then fade within this window, so that nobody is shut out until that time comes.
  if (start + length < window.start) return { start, current: none, previous: window.current };
  // A clock that stepped back a little keeps the window: nobody gains allowance by it.
  if (start <= window.start) return window;
  return { start, current: none, previous: start - window.start === length ? window.current : none };
}

function add(counts: Counts, charge: Charge): Counts {
  return {
    messages: counts.messages + 1,
    recipients: counts.recipients + charge.recipients,
    nullSender: counts.nullSender + (charge.nullSender ? 1 : 0),
  };
}

function used(window: Window, key: keyof Counts, at: number, length: number): number {
  const left = Math.min(1, Math.max(0, 1 - (at - window.start) / length));
  return window.current[key] + window.previous[key] * left;
}

const rules = [
  ['messages', 'messagesPerHour', 'messagesPerDay'],
  ['recipients', 'recipientsPerHour', 'recipientsPerDay'],
  ['nullSender', 'nullSenderPerHour', 'nullSenderPerDay'],
] as const satisfies readonly (readonly [keyof Counts, keyof LimitValues, LimitName])[];

/** Counts `charge` against `limits`, or says which limit forbids it (the hard one first); a refused charge counts nothing. */
export function chargeLimits(before: Counter, charge: Charge, limits: LimitValues): ChargeOutcome {
  const hour = roll(before.hour, charge.at, HOUR_MS);
  const day = roll(before.day, charge.at, DAY_MS);
  const counter: Counter = {
    hour: { ...hour, current: add(hour.current, charge) },
    day: { ...day, current: add(day.current, charge) },
  };
  let isNear = false;
  for (const [key, perHour, perDay] of rules) {
    const limit = limits[perHour];
    if (limit === undefined || (key === 'nullSender' && !charge.nullSender)) continue;
    const ofDay = used(counter.day, key, charge.at, DAY_MS);
    if (ofDay > limit * DAY_FACTOR) return { type: 'limited', limit: perDay, hard: true };
    const ofHour = used(counter.hour, key, charge.at, HOUR_MS);
    if (ofHour > limit) return { type: 'limited', limit: perHour, hard: false };
    isNear ||= isNearEnd(ofHour, limit) || isNearEnd(ofDay, limit * DAY_FACTOR);
  }
  return isNear
    ? { type: 'charged', counter, nearUntil: nearUntil(counter, limits, charge.at) }
    : { type: 'charged', counter };
}

/** What an outcome of the store tells of it. */
export function nearOf({ nearUntil: until }: { readonly nearUntil?: number } = {}): {
  readonly nearUntil?: number;
} {
  return until === undefined ? {} : { nearUntil: until };
}

/** Also one that is used up. One of 0 is as it was meant. `used`: in whole messages or recipients, or with a part of one. */
export function isNearEnd(used: number, limit: number | undefined): boolean {
  return limit !== undefined && limit > 0 && Math.ceil(used) >= limit * NEAR;
}

function nearUntil(counter: Counter, limits: LimitValues, at: number): number {
  const ends = windowsOf(counter, limits, at).flatMap(({ window, key, limit, length }) =>
    limit === undefined || !isNearEnd(used(window, key, at, length), limit)
      ? []
      : [fallsTo(window, key, mostWhileNotNear(limit), length)],
  );
  return Math.max(...ends);
}

const mostWhileNotNear = (limit: number): number => Math.ceil(limit * NEAR) - 1;

/** When surely no more than `most` counts, if nothing is added, where more does now; milliseconds since the epoch. */
function fallsTo(window: Window, key: keyof Counts, most: number, length: number): number {
  const [current, previous] = [window.current[key], window.previous[key]];
  const part = current <= most ? 1 - (most - current) / previous : 2 - most / current;
  return Math.floor(window.start + length * part) + 1;
}

export interface Use {
  readonly name: LimitName;
  /** What counts now of the window, in whole messages or recipients. */
  readonly used: number;
  /** Absent: there is no limit. */
  readonly limit?: number;
  /** Of one that is used up: when one more fits; of another that is near its end: when it is so no more. If nothing is sent until then; milliseconds since the epoch. */
  readonly freesAt?: number;
}

/** How much of each limit is used. `at`: milliseconds since the epoch. */
export function usesOf(counter: Counter, limits: LimitValues, at: number): readonly Use[] {
  return windowsOf(counter, limits, at).map(({ name, window, key, limit, length }) => {
    const counts = used(window, key, at, length);
    const use = { name, used: Math.ceil(counts) };
    if (limit === undefined) return use;
    if (!isNearEnd(counts, limit)) return { ...use, limit };
    const most = isUsedUp({ ...use, limit }) ? limit - 1 : mostWhileNotNear(limit);
    return { ...use, limit, freesAt: fallsTo(window, key, most, length) };
  });
}

/** Not one more fits. */
export function isUsedUp({
  used: counts,
  limit,
}: {
  readonly used: number;
  readonly limit?: number | undefined;
}): boolean {
  return limit !== undefined && counts >= limit;
}

interface Limited {
  readonly name: LimitName;
  readonly key: keyof Counts;
  readonly window: Window;
  /** Of the window, ms. */
  readonly length: number;
  readonly limit: number | undefined;
}

function windowsOf(counter: Counter, limits: LimitValues, at: number): readonly Limited[] {
  const hour = { window: roll(counter.hour, at, HOUR_MS), length: HOUR_MS };
  const day = { window: roll(counter.day, at, DAY_MS), length: DAY_MS };
  return rules.flatMap(([key, perHour, perDay]) => {
    const limit = limits[perHour];
    return [
      { name: perHour, key, ...hour, limit },
      { name: perDay, key, ...day, limit: limit === undefined ? undefined : limit * DAY_FACTOR },
    ];
  });
}

/** What two have counted of one identity, as if one counter had counted it all. `at`: milliseconds since the epoch. */
export function addedCounters(one: Counter, other: Counter, at: number): Counter {
  return {
    hour: addedWindows(one.hour, other.hour, at, HOUR_MS),
    day: addedWindows(one.day, other.day, at, DAY_MS),
  };
}

/** What several have counted of one identity, as of the newest window of any; undefined: nobody counted. */
export function summedCounter(counters: readonly Counter[]): Counter | undefined {
  const at = Math.max(...counters.map(({ hour }) => hour.start));
  return counters.length === 0
    ? undefined
    : counters.reduce((sum, counter) => addedCounters(sum, counter, at));
}

function addedWindows(one: Window, other: Window, at: number, length: number): Window {
  const both = [roll(one, at, length), roll(other, at, length)] as const;
  // The clock of one of them may have been a little ahead.
  const start = Math.max(both[0].start, both[1].start);
  const [first, second] = [roll(both[0], start, length), roll(both[1], start, length)];
  return {
    start,
    current: addedCounts(first.current, second.current),
    previous: addedCounts(first.previous, second.previous),
  };
}

function addedCounts(one: Counts, other: Counts): Counts {
  return {
    messages: one.messages + other.messages,
    recipients: one.recipients + other.recipients,
    nullSender: one.nullSender + other.nullSender,
  };
}

/** Nothing of it counts any more, not even by a clock that is a window behind. `at`: milliseconds since the epoch. */
export function isOver({ hour, day }: Counter, at: number): boolean {
  return hour.start + 3 * HOUR_MS <= at && day.start + 3 * DAY_MS <= at;
}
