// What the threads of a simulated server keep things in: the disk of its own (`disk.ts`), or a database that it shares with others (`way.ts`).

import type { EngineWriter, Space, WriterOptions } from '../../src/store/engine.ts';
import type { Lookups } from '../../src/store/lookups.ts';
import type { Stage } from '../../src/store/port.ts';
import type { Life } from './time.ts';

export interface Storage {
  /** Rejects with `StoreAway`. */
  writer(options: WriterOptions, life: Life): Promise<EngineWriter>;
  space(): Space | undefined;
  /** How long after the first that asks a group is written, ms. */
  gatheringMs(): number;
  lookups(life: Life): Lookups;
  /** A large body, written by its front. */
  stage(id: string, life: Life): Promise<Stage>;
}
