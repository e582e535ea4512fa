// How much free space is left where the store lies, and whether that is below the floor: then nothing more is accepted. Looked at once a second. Where the disk
// is not ours nothing is known, and nothing is refused for it.

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
  /** Undefined: nobody here knows. */
  look(): SpaceLeft | undefined;
  /** Called when the floor has changed. */
  forget(): void;
}

const EVERY_MS = 1_000;

export function watchSpace(
  clock: Clock,
  space: () => Space | undefined,
  floorOf: () => FreeSpaceFloor,
): SpaceWatch {
  let at = -Infinity;
  let seen: SpaceLeft | undefined;
  return {
    forget: () => void (at = -Infinity),
    look() {
      const now = clock.monotonic();
      if (now - at < EVERY_MS) return seen;
      at = now;
      const left = space();
      seen = left && judge(left, floorOf());
      return seen;
    },
  };
}

function judge({ free, total }: Space, { octets, share }: FreeSpaceFloor): SpaceLeft {
  const floor = Math.max(octets, share * total);
  const because = free < floor ? `${free} octets free, the floor is ${Math.round(floor)}` : undefined;
  return { free, floor, because };
}
