// One front of the simulated server: src/server/front.ts over a virtual platform.

import type { Socket } from 'node:net';
import { type FrontBirth } from '../../src/server/plan.ts';
import { createFront, type RunningFront } from '../../src/server/front.ts';
import type { Stage } from '../../src/store/port.ts';
import type { Chance } from './chance.ts';
import { type NextHops, networkOf } from './next-hop.ts';
import type { Link } from './socket.ts';
import type { Life } from './time.ts';

type Role = 'submission' | 'mx';

export interface SimulatedFront extends RunningFront {
  readonly life: Life;
  /** False: it does not listen yet, or not any more. */
  readonly listens: boolean;
  serve(link: Link, role: Role): void;
}

export function createSimulatedFront(o: {
  readonly hops: NextHops;
  readonly life: Life;
  readonly chance: Chance;
  readonly birth: FrontBirth;
  stage(id: string): Promise<Stage>;
}): SimulatedFront {
  const { hops, life } = o;
  const taking = new Map<Role, (socket: Socket) => void>();
  const front = createFront(o.birth, {
    clock: hops.time.clockOf(life),
    entropy: o.chance.named('entropy'),
    network: networkOf(hops, life),
    stage: (id) => o.stage(id),
    async listen({ port }, onConnection) {
      const role = port === 25 ? 'mx' : 'submission';
      taking.set(role, onConnection);
      return { close: () => void taking.delete(role) };
    },
  });
  return {
    ...{ life, parts: front.parts },
    greet: (peer, open) => front.greet(peer, open),
    get listens() {
      return taking.size > 0 && life.alive;
    },
    serve: (link, role) => taking.get(role)?.(link.socket),
  };
}
