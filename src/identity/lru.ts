// A map that never grows beyond its capacity: the entry that was not used for longest goes first.

export interface Lru<K, V> {
  get(key: K): V | undefined;
  /** As `get`, and no use of it. */
  peek(key: K): V | undefined;
  entries(): Iterable<readonly [K, V]>;
  set(key: K, value: V): void;
  delete(key: K): void;
  /** Deletes every entry that `matches`; linear. */
  deleteWhere(matches: (value: V, key: K) => boolean): void;
  readonly size: number;
}

export function createLru<K, V>(capacity: number): Lru<K, V> {
  // A Map keeps the order of insertion: the first is the least recently used.
  const entries = new Map<K, V>();
  return {
    get(key) {
      const value = entries.get(key);
      if (value === undefined) return undefined;
      entries.delete(key);
      entries.set(key, value);
      return value;
    },
    peek: (key) => entries.get(key),
    entries: () => entries.entries(),
    set(key, value) {
      entries.delete(key);
      entries.set(key, value);
      if (entries.size <= capacity) return;
      for (const oldest of entries.keys()) {
        entries.delete(oldest);
        break;
      }
    },
    delete(key) {
      entries.delete(key);
    },
    deleteWhere(matches) {
      for (const [key, value] of entries) if (matches(value, key)) entries.delete(key);
    },
    get size() {
      return entries.size;
    },
  };
}
