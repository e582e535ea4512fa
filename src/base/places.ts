// What comes and goes with each message or connection, in numbered places that are used again. A Map or Set would do, but under such
// traffic it makes a new table every few dozen entries, each linked from the one before: once V8 holds one of them for old, all that
// follow grow old with it, and everything they name lives on until the next major collection.

export interface Places<T> {
  /** Gives the number of its place. */
  take(value: T): number;
  at(place: number): T | undefined;
  /** False: it does not stand there any more, and who took the place meanwhile stays. */
  leave(place: number, value: T): boolean;
  /** In no particular order. */
  all(): T[];
  readonly size: number;
}

export function createPlaces<T extends object>(): Places<T> {
  const places: (T | undefined)[] = [];
  const free: number[] = [];

  return {
    take(value) {
      const place = free.pop() ?? places.length;
      places[place] = value;
      return place;
    },
    at: (place) => places[place],
    leave(place, value) {
      if (places[place] !== value) return false;
      places[place] = undefined;
      free.push(place);
      return true;
    },
    all: () => places.filter((value) => value !== undefined),
    get size() {
      return places.length - free.length;
    },
  };
}
