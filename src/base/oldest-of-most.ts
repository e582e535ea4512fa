// What gives way where many keep things in one place that has a bound: nobody pushes out what is another's by keeping ever more.

/** Of a map in the order of time: the oldest entry of whoever has most goes. */
export function dropOldestOfMost<K, V>(entries: Map<K, V>, whose: (value: V) => string): void {
  const byOwner = Map.groupBy(entries, ([, value]) => whose(value));
  const [most = []] = [...byOwner.values()].toSorted((one, other) => other.length - one.length);
  const [oldest] = most;
  if (oldest !== undefined) entries.delete(oldest[0]);
}
