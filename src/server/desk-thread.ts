// The entry of the desk thread (see `desk.ts`).

import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { openEngine } from '../store/engine.ts';
import { createDesk, type DeskBirth } from './desk.ts';
import { enterThread } from './thread-entry.ts';

enterThread(async (birth: DeskBirth) => {
  const engine = await openEngine(birth.store);
  return createDesk(birth, {
    ...{ clock: systemClock, entropy: systemEntropy(), lookups: await engine.lookups() },
  });
});
