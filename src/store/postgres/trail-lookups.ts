// Not built yet.
import type { Lookups } from '../lookups.ts';
import type { Reader } from './reader.ts';
import { keyOf } from './shared-keys.ts';
const no = (): Promise<never> => Promise.reject(new Error('not built yet'));
export function trailLookups(
  reader: Reader,
): Pick<Lookups, 'findMessages' | 'findEvents' | 'eventsOfMessage' | 'events' | 'sharedKey'> {
  return {
    ...{ findMessages: no, findEvents: no, eventsOfMessage: no, events: no },
    sharedKey: (name) => keyOf(reader, name),
  };
}
