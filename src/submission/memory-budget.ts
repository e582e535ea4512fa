// Memory for messages on their way in, shared by all sessions of a front, so that many slow writers can't fill the process.

import { invariant } from '../base/assert.ts';

export interface MemoryBudget {
  /** True: the octets are yours until released. */
  reserve(octets: number): boolean;
  release(octets: number): void;
  readonly used: number;
  /** At least half of it is free: octets that are useful but not needed may be kept. */
  readonly isAmple: boolean;
}

export interface LimitedMemory extends MemoryBudget {
  /** In force from the next octet on; what is taken stays taken. */
  limitOctets: number;
}

/** A part of a budget, limited to `limitOctets`. */
export function shareOfBudget(whole: MemoryBudget, limitOctets: number): LimitedMemory {
  const share = createMemoryBudget(limitOctets);
  return {
    get limitOctets() {
      return share.limitOctets;
    },
    set limitOctets(octets) {
      share.limitOctets = octets;
    },
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

export function createMemoryBudget(limitOctets: number): LimitedMemory {
  let used = 0;
  return {
    limitOctets,
    reserve(octets) {
      if (used + octets > this.limitOctets) return false;
      used += octets;
      return true;
    },
    release(octets) {
      used -= octets;
      invariant(used >= 0, 'memory is released that nobody had reserved');
    },
    get used() {
      return used;
    },
    get isAmple() {
      return used * 2 <= this.limitOctets;
    },
  };
}
