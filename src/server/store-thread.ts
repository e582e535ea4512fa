// The entry of the store thread (see `store-body.ts`).

import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { openEngine } from '../store/engine.ts';
import { createStoreBody, type StoreBirth } from './store-body.ts';
import { enterThread } from './thread-entry.ts';

enterThread(async (birth: StoreBirth, { end, waits }) =>
  createStoreBody(birth, {
    ...{ clock: systemClock, entropy: systemEntropy(), engine: await openEngine(birth.store), end, waits },
    schedule: {
      soon: (run) => void setImmediate(run),
      later: (ms, run) => void systemClock.after(ms, run),
    },
  }),
);
