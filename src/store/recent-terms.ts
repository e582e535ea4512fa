// The words of the newest events of a chain, so that who indexes them need not read them again.

import type { Term } from '../record/terms.ts';

export interface EventTerms {
  /** Of the event: these numbers have no gap. */
  readonly sequence: number;
  readonly terms: readonly Term[];
}

/** Beyond it the index reads from the table: it is far behind. */
const RECENT_MAX = 20_000;

export class RecentTerms {
  #recent: EventTerms[] = [];

  push(event: EventTerms): void {
    if (this.#recent.length >= RECENT_MAX) this.#recent = [];
    this.#recent.push(event);
  }

  /** Up to `max` events after `sequence`, or undefined if not all of them are remembered. */
  after(sequence: number, max: number): readonly EventTerms[] | undefined {
    const [first] = this.#recent;
    if (first === undefined || first.sequence > sequence + 1) return undefined;
    const from = sequence + 1 - first.sequence;
    return this.#recent.slice(from, from + max);
  }

  /** Indexed up to here: these events need not be remembered. */
  forget(through: number): void {
    const first = this.#recent[0]?.sequence ?? 0;
    this.#recent = this.#recent.slice(Math.max(0, through + 1 - first));
  }

  /** Those after it were not written. */
  backTo(sequence: number): void {
    while ((this.#recent.at(-1)?.sequence ?? 0) > sequence) this.#recent.pop();
  }

  /** Something of them was erased: what is left of it is read from the table. */
  clear(): void {
    this.#recent = [];
  }
}
