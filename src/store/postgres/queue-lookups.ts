// Not built yet.
import type { Lookups } from '../lookups.ts';
import type { Reader } from './reader.ts';
const no = (): Promise<never> => Promise.reject(new Error('not built yet'));
export function queueLookups(
  _reader: Reader,
): Pick<Lookups, 'message' | 'content' | 'queue' | 'queueCount' | 'queueTotals'> {
  return { message: no, content: no, queue: no, queueCount: no, queueTotals: no };
}
