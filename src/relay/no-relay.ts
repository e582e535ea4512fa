// What a node without the role `relay` has in the place of a relay: it claims nothing, and nothing is handed over to it.

import { createStopwatch, DELIVERY_SECONDS } from '../observe/tally.ts';
import type { Relay } from './relay.ts';

export const noRelay: Relay = {
  hasMemoryFor: () => false,
  handOver: () => undefined,
  wake: () => undefined,
  identityChanged: () => undefined,
  unsure: () => undefined,
  drain: () => Promise.resolve(),
  stats: {
    ...{
      attempts: {},
      repliesLost: 0,
      leasesLost: 0,
      deliveryTimes: createStopwatch(DELIVERY_SECONDS).times,
    },
    ...{ memoryOctets: 0, underWay: 0, downRoutes: [], learned: [] },
  },
};
