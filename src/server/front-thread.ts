// The entry of a front thread (see `front.ts`).

import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { listen } from '../platform/listen.ts';
import { systemNetwork } from '../platform/network.ts';
import { openEngine } from '../store/engine.ts';
import { createFront } from './front.ts';
import type { FrontBirth } from './plan.ts';
import { enterThread } from './thread-entry.ts';

enterThread(async (birth: FrontBirth) => {
  const engine = await openEngine(birth.store);
  return createFront(birth, {
    ...{ clock: systemClock, entropy: systemEntropy(), network: systemNetwork, listen },
    stage: await engine.stages(),
  });
});
