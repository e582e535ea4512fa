// The disk under the store: it may be slow, below its floor, or fail, so that nobody knows what a commit left on it.

import type { EngineWriter, Space, WriterOptions } from '../../src/store/engine.ts';
import type { Lookups } from '../../src/store/lookups.ts';
import type { MemoryStore, MemoryWriter } from '../../src/store/memory/store.ts';
import type { Change, Outcome, Stage } from '../../src/store/port.ts';
import type { Chance } from './chance.ts';
import type { Storage } from './storage.ts';
import type { Life, VirtualTime } from './time.ts';

/** A transaction with its sync takes up to this long, ms. */
export const COMMIT_MS = 3;
const TOTAL_OCTETS = 2 ** 40;

export class Disk implements Storage {
  full = false;
  failing = false;
  commitMs = COMMIT_MS;
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #memory: MemoryStore;
  readonly #committed: (changes: readonly Change[], outcomes: readonly Outcome[]) => void;

  constructor(o: {
    readonly time: VirtualTime;
    readonly chance: Chance;
    readonly memory: MemoryStore;
    committed(changes: readonly Change[], outcomes: readonly Outcome[]): void;
  }) {
    this.#time = o.time;
    this.#chance = o.chance;
    this.#memory = o.memory;
    this.#committed = (changes, outcomes) => o.committed(changes, outcomes);
  }

  space(): Space {
    return { free: this.full ? 0 : TOTAL_OCTETS, total: TOTAL_OCTETS };
  }

  /** How long the commit takes. */
  gatheringMs(): number {
    return this.#chance.between(0.2, this.commitMs);
  }

  async writer(options: WriterOptions): Promise<EngineWriter> {
    let told = options.onNotice;
    const writer = this.#memory.writer({ ...options, onNotice: (notice) => told(notice) });
    return {
      ...writer,
      apply: (changes) => {
        if (!this.failing) return this.#kept(writer, changes);
        // It may lie there after all: the next start finds it. Nobody hears of it before.
        told = () => undefined;
        if (this.#chance.happens(0.5)) this.#kept(writer, changes);
        throw diskError('EIO');
      },
    };
  }

  #kept(writer: MemoryWriter, changes: readonly Change[]): readonly Outcome[] {
    const outcomes = writer.apply(changes);
    this.#committed(changes, outcomes);
    return outcomes;
  }

  lookups(): Lookups {
    return this.#memory.lookups;
  }

  async stage(id: string, life: Life): Promise<Stage> {
    const stage = await this.#memory.store.stage(id);
    return {
      append: async (...pieces) => {
        this.#assertWritable();
        await this.#time.pause(0.2, life);
        await stage.append(...pieces);
      },
      finish: async () => {
        this.#assertWritable();
        await this.#time.pause(this.commitMs, life);
        this.#assertWritable();
        await stage.finish();
      },
      discard: () => stage.discard(),
    };
  }

  #assertWritable(): void {
    if (this.full) throw diskError('ENOSPC');
    if (this.failing) throw diskError('EIO');
  }
}

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: the simulated disk`), { code });
}
