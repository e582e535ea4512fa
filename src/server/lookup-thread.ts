// The entry of the lookup thread (see `lookup-body.ts`).

import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { openEngine } from '../store/engine.ts';
import { createLookupBody, type LookupBirth } from './lookup-body.ts';
import { enterThread } from './thread-entry.ts';

enterThread(async (birth: LookupBirth) => {
  const engine = await openEngine(birth.store);
  return createLookupBody(birth, {
    ...{ clock: systemClock, entropy: systemEntropy(), lookups: await engine.lookups() },
  });
});
