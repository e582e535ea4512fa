// One front of the simulated server: src/server/front.ts over a virtual platform.

import type { Socket } from 'node:net';
import { type FrontBirth } from '../../src/server/plan.ts';
import { createFront, type RunningFront } from '../../src/server/front.ts';
import type { Stage } from '../../src/store/port.ts';
import type { Chance } from './chance.ts';
import { type NextHops, networkOf } from './next-hop.ts';
import type { Link } from './socket.ts';
import type { Life } from './time.ts';

export interface SimulatedFront extends RunningFront {
  readonly life: Life;
  /** False: it does not listen yet, or not any more. */
  readonly listens: boolean;
  serve(link: Link): void;
}

export function createSimulatedFront(o: {
  readonly hops: NextHops;
  readonly life: Life;
  readonly chance: Chance;
  readonly birth: FrontBirth;
  stage(id: string): Promise<Stage>;
}): SimulatedFront {
  const { hops, life } = o;
  let take: ((socket: Socket) => void) | undefined;
  const front = createFront(o.birth, {
    clock: hops.time.clockOf(life),
    entropy: o.chance.named('entropy'),
    network: networkOf(hops, life),
    stage: (id) => o.stage(id),
    async listen(_, onConnection) {
      take = onConnection;
      return { close: () => void (take = undefined) };
    },
  });
  return {
    ...{ life, parts: front.parts },
    greet: (peer, open) => front.greet(peer, open),
    get listens() {
      return take !== undefined && life.alive;
    },
    serve: (link) => take?.(link.socket),
  };
}
