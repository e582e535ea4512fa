// From where on a claim looks in a lane. What was claimed or put aside leaves dead entries at the beginning of its lane, and under an old snapshot they stay: a claim that
// began there would go over all of them. So a writer remembers below which due time it has left nothing. It takes that back when it brings mail there itself; of what
// others bring there, and of what somebody held locked, it hears late at most by `FLOOR_MS`: then it looks from the beginning again.

import { LOOKED_AT_MAX } from '../lanes.ts';

/** So long a lane is looked into from its floor only, ms. */
export const FLOOR_MS = 30_000;
/** What others were committing while a lane was looked into is due no longer before than this, ms, or is found by `FLOOR_MS`. */
const MARGIN_MS = 2_000;
/** An empty lane is forgotten unless so many were taken from it, and after so long, ms. */
const WORTH = 10;
const EMPTY_MS_MAX = 3_600_000;

export const NO_FLOOR = Number.MIN_SAFE_INTEGER;

/** What a claim has seen of a lane, all of it in one transaction. */
export interface LaneLook {
  readonly domain: string;
  /** When the oldest is due that was left there, ms since the epoch; Infinity: nothing was. */
  readonly oldest: number;
  /** Recipients that were leased. */
  readonly taken: number;
}

interface Lane {
  readonly floor: number;
  /** When it was looked into from the beginning. */
  readonly since: number;
  readonly taken: number;
  readonly takenAt: number;
}

/** Of one writer. One claim at a time. */
export class Floors {
  /** Those that something was taken from, the last one last. */
  readonly #lanes = new Map<string, Lane>();
  /** When the oldest is due that was brought since the claim began, by domain or of all. */
  readonly #brought = new Map<string | undefined, number>();

  begin(): void {
    this.#brought.clear();
  }

  /** From where on a claim at `now` looks. */
  of(domain: string, now: number): number {
    const lane = this.#lanes.get(domain);
    return lane === undefined || isOld(lane, now) ? NO_FLOOR : lane.floor;
  }

  /** At most as many as one claim looks at. */
  all(now: number): { readonly domains: readonly string[]; readonly floors: readonly number[] } {
    const domains = [...this.#lanes.keys()];
    return { domains, floors: domains.map((domain) => this.of(domain, now)) };
  }

  /** What the claim that began last has seen at `now`; it is committed. */
  looked(looks: readonly LaneLook[], now: number): void {
    for (const look of looks) this.#look(look, now);
    for (const domain of this.#lanes.keys()) {
      if (this.#lanes.size <= LOOKED_AT_MAX) break;
      this.#lanes.delete(domain);
    }
    for (const [domain, dueAt] of this.#brought) this.#lower(dueAt, domain);
    this.#brought.clear();
  }

  #look({ domain, oldest, taken }: LaneLook, now: number): void {
    const before = this.#lanes.get(domain);
    if (before === undefined && taken === 0) return;
    const lane = {
      floor: Math.min(oldest, now) - MARGIN_MS,
      since: before === undefined || isOld(before, now) ? now : before.since,
      taken: (before?.taken ?? 0) + taken,
      takenAt: taken > 0 || before === undefined ? now : before.takenAt,
    };
    const isOver =
      oldest === Infinity &&
      taken === 0 &&
      ((lane.since === now && lane.taken < WORTH) || lane.takenAt <= now - EMPTY_MS_MAX);
    if (taken > 0 || isOver) this.#lanes.delete(domain);
    if (!isOver) this.#lanes.set(domain, lane);
  }

  /** Mail is there now that is due at that time, in one lane or in any. */
  bring(dueAt: number, domain?: string): void {
    this.#brought.set(domain, Math.min(dueAt, this.#brought.get(domain) ?? Infinity));
    this.#lower(dueAt, domain);
  }

  #lower(dueAt: number, domain: string | undefined): void {
    for (const [name, lane] of this.#lanes)
      if ((domain === undefined || domain === name) && dueAt < lane.floor)
        this.#lanes.set(name, { ...lane, floor: dueAt });
  }

  /** Mail is there now that may be due since any time. */
  forget(): void {
    this.bring(NO_FLOOR);
  }
}

/** A clock that was set back says nothing of what was seen since. */
const isOld = ({ since }: Lane, now: number): boolean => now >= since + FLOOR_MS || now < since;
