// Not built yet.
import type { Lookups } from '../lookups.ts';
import type { Reader } from './reader.ts';
const no = (): Promise<never> => Promise.reject(new Error('not built yet'));
export function chainLookups(
  _reader: Reader,
): Pick<Lookups, 'chains' | 'links' | 'newestLinks' | 'indexEntries' | 'strayEntries'> {
  return { chains: no, links: no, newestLinks: no, indexEntries: no, strayEntries: no };
}
