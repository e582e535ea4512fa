// Memory for messages on their way in, shared by all sessions of a front, so that many slow writers can't fill the process.

export interface MemoryBudget {
  /** True: the octets are yours until released. */
  reserve(octets: number): boolean;
  release(octets: number): void;
  readonly used: number;
  /** At least half of it is free: what is only useful may be kept. */
  readonly isAmple: boolean;
}

/** A part of a budget that no more than `limitOctets` may be taken through. */
export function shareOfBudget(whole: MemoryBudget, limitOctets: number): MemoryBudget {
  const share = createMemoryBudget(limitOctets);
  return {
    reserve(octets) {
      if (!share.reserve(octets)) return false;
      if (whole.reserve(octets)) return true;
      share.release(octets);
      return false;
    },
    release(octets) {
      share.release(octets);
      whole.release(octets);
    },
    get used() {
      return share.used;
    },
    get isAmple() {
      return share.isAmple && whole.isAmple;
    },
  };
}

export function createMemoryBudget(limitOctets: number): MemoryBudget {
  let used = 0;
  return {
    reserve(octets) {
      if (used + octets > limitOctets) return false;
      used += octets;
      return true;
    },
    release(octets) {
      used -= octets;
    },
    get used() {
      return used;
    },
    get isAmple() {
      return used * 2 <= limitOctets;
    },
  };
}
