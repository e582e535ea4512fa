// The lookup thread without a thread: who logs in is judged as in a server, but for the hash.

import type { Line, LineHandlers } from '../../src/platform/line.ts';
import type { Clock, Entropy } from '../../src/platform/platform.ts';
import { createLookupBody } from '../../src/server/lookup-body.ts';
import type { Lookups } from '../../src/store/lookups.ts';
import { changesOf, type CommitQuestion } from '../../src/store/packing.ts';
import type { Store } from '../../src/store/port.ts';

/** As what a password is stored in these tests. */
export const phcOf = (password: string): string => `hash of ${password}`;

/** `hashed`: what passwords were compared with, in turn. */
export function openLookupThread(o: {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly store: Pick<Store, 'commit'>;
  readonly lookups: Lookups;
  readonly domains: readonly string[];
  readonly hashed?: string[];
}): Pick<Line, 'ask'> {
  const { clock, entropy, store, lookups, domains, hashed = [] } = o;
  const toStore: Line = {
    ask: (question) => store.commit(changesOf(question as CommitQuestion)),
    ...{ tell: () => undefined, close: () => undefined },
  };
  const body = createLookupBody(
    { settings: { domains, shared: [] } },
    {
      ...{ clock, entropy, lookups },
      async verify(phc, password) {
        hashed.push(String(phc));
        return phc === phcOf(password);
      },
    },
  );
  let ends: LineHandlers | undefined;
  body.greet('store', () => toStore);
  body.greet('face', (handlers) => {
    ends = handlers;
    return toStore;
  });
  return { ask: async (question) => ends?.answer?.(question) };
}
