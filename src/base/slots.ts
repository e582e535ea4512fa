// What comes and goes with each message or connection, in numbered slots that are used again. A Map or Set would do, but under such
// traffic it makes a new table every few dozen entries, each linked from the one before: once V8 holds one of them for old, all that
// follow grow old with it, and everything they name lives on until the next major collection.

export interface Slots<T> {
  /** Gives the number of its slot. */
  take(value: T): number;
  at(slot: number): T | undefined;
  /** False: it does not stand there any more, and who took the slot meanwhile stays. */
  leave(slot: number, value: T): boolean;
  /** In no particular order. */
  all(): T[];
  readonly size: number;
}

export function createSlots<T extends object>(): Slots<T> {
  const slots: (T | undefined)[] = [];
  const free: number[] = [];

  return {
    take(value) {
      const slot = free.pop() ?? slots.length;
      slots[slot] = value;
      return slot;
    },
    at: (slot) => slots[slot],
    leave(slot, value) {
      if (slots[slot] !== value) return false;
      slots[slot] = undefined;
      free.push(slot);
      return true;
    },
    all: () => slots.filter((value) => value !== undefined),
    get size() {
      return slots.length - free.length;
    },
  };
}
