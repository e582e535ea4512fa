// How much free space is left where the store lies, and whether that is below the floor: then nothing more is accepted. Looked at once a second.

import type { Clock } from '../platform/platform.ts';
import type { Space } from '../store/engine.ts';

export interface FreeSpaceFloor {
  /** Free share of the file system, 0 to 1. */
  readonly share: number;
  readonly octets: number;
}

export interface SpaceLeft {
  /** Octets. */
  readonly free: number;
  readonly floor: number;
  /** Why nothing more can be accepted, or undefined. */
  readonly because: string | undefined;
}

export interface SpaceWatch {
  look(): SpaceLeft;
  /** Called when the floor has changed. */
  forget(): void;
}

const EVERY_MS = 1_000;

export function watchSpace(clock: Clock, space: () => Space, floorOf: () => FreeSpaceFloor): SpaceWatch {
  let at = -Infinity;
  let seen: SpaceLeft = { free: 0, floor: 0, because: undefined };
  return {
    forget: () => void (at = -Infinity),
    look() {
      const now = clock.monotonic();
      if (now - at < EVERY_MS) return seen;
      at = now;
      const { free, total } = space();
      const { octets, share } = floorOf();
      const floor = Math.max(octets, share * total);
      const because = free < floor ? `${free} octets free, the floor is ${Math.round(floor)}` : undefined;
      seen = { free, floor, because };
      return seen;
    },
  };
}
