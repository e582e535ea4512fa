// The memory engine and a rival, that are asked the same at the same time.

import assert from 'node:assert/strict';
import { inWords, outcomesOf, withoutNumbers } from './agreement.contract-answers.ts';
import { Changes } from './agreement.contract-changes.ts';
import type { Deed } from './agreement.contract-deeds.ts';
import type { Lookups } from './lookups.ts';
import { openMemoryStore } from './memory/store.ts';
import type { Store } from './port.ts';
import { countedEntropy, type OpenOptions, virtualClock } from './store.contract-fixtures.ts';

/** What is compared with the memory engine. */
export interface Rival {
  readonly store: Store;
  readonly lookups: Lookups;
  /**
   * What waits goes out in the order of its acceptance and not of ids. It numbers messages and events as memory does, knows an accept that comes again though it does not say so, and the last token of an owner whatever came after it. No
   * asker relies on that.
   */
  readonly isTwin: boolean;
  /** As its writer has counted. */
  queued(): number;
  /** Indexes a little. */
  index(): Promise<unknown> | unknown;
  /** It is closed and opened again. */
  restart(): Promise<void> | void;
  close(): Promise<void> | void;
}

export type OpenRival = (options: OpenOptions) => Promise<Rival>;

/** Both engines, with the same clock and the same changes. */
export class Pair {
  readonly clock = virtualClock();
  most: number | undefined;
  mostOfStrangers: number | undefined;
  readonly #saw: (what: string) => void;
  readonly #limits = {
    queuedMessagesMax: () => this.most,
    strangersMessagesMax: () => this.mostOfStrangers,
  };
  readonly #memory = openMemoryStore({ clock: this.clock, entropy: countedEntropy(), ...this.#limits });
  #rival!: Rival;
  #changes!: Changes;

  private constructor(saw: (what: string) => void) {
    this.#saw = saw;
  }

  static async open(openRival: OpenRival, saw: (what: string) => void): Promise<Pair> {
    const pair = new Pair(saw);
    const options = { clock: pair.clock, entropy: countedEntropy(), fullBecause: () => undefined };
    pair.#rival = await openRival({ ...options, ...pair.#limits });
    pair.#changes = new Changes(pair.clock, pair.isTwin, pair.#memory.lookups);
    return pair;
  }

  get isTwin(): boolean {
    return this.#rival.isTwin;
  }

  get queued(): number {
    return this.#rival.queued();
  }

  get lookups(): readonly [Lookups, Lookups] {
    return [this.#memory.lookups, this.#rival.lookups];
  }

  async close(): Promise<void> {
    this.#memory.close();
    await this.#rival.close();
  }

  pass(ms: number): void {
    this.#changes.timePassed();
    this.clock.advance(ms);
  }

  async restart(): Promise<void> {
    this.pass(1);
    this.#changes.restarted();
    this.#memory.crash();
    await this.#rival.restart();
  }

  async index(): Promise<void> {
    await this.#rival.index();
  }

  async commit(deeds: readonly Deed[]): Promise<void> {
    const changes = await this.#changes.of(deeds);
    const [memory, rival] = await Promise.all([
      outcomesOf(this.#memory.store, changes),
      outcomesOf(this.#rival.store, changes),
    ]);
    if (this.#rival.isTwin) assert.deepEqual(rival, memory);
    else assert.deepEqual(rival.map(withoutNumbers), memory.map(withoutNumbers));
    memory.forEach((outcome, index) => {
      const change = changes[index];
      if (change === undefined) return;
      this.#saw(`${change.type} ${inWords(outcome)}`);
      this.#changes.learn(change, outcome);
    });
  }
}
