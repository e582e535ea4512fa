// Look-ups that count how often the store is asked: what asks once for each thing that it shows is slow wherever the store is far.

import { lookupMethods, type Lookups } from '../../src/store/lookups.ts';

/** `asked`: how often, so far. */
export function countedLookups(lookups: Lookups): { readonly lookups: Lookups; asked(): number } {
  let asked = 0;
  const counting = Object.fromEntries(
    lookupMethods.map((name) => {
      const method = lookups[name] as (...args: readonly unknown[]) => unknown;
      const counted = (...args: readonly unknown[]): unknown => {
        asked += 1;
        return method.apply(lookups, [...args]);
      };
      return [name, counted];
    }),
  );
  return { lookups: { ...lookups, ...counting } as Lookups, asked: () => asked };
}
