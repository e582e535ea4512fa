// Not built yet.
import type { Lookups } from '../lookups.ts';
import type { Reader } from './reader.ts';
const no = (): Promise<never> => Promise.reject(new Error('not built yet'));
export function trailLookups(
  _reader: Reader,
): Pick<Lookups, 'findMessages' | 'findEvents' | 'eventsOfMessage' | 'events' | 'sharedKey'> {
  return { findMessages: no, findEvents: no, eventsOfMessage: no, events: no, sharedKey: no };
}
