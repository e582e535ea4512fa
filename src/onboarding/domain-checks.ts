// What the DNS said of our domains when it was asked last: kept with its age, asked anew by who wants it, a few domains at a time, each within its time.

import type { Clock } from '../platform/platform.ts';
import type { RecordAnswer, RecordSource } from '../platform/record-lookup.ts';
import { withDeadline } from '../platform/with-deadline.ts';
import { type CheckedRecord, checkRecords } from './dns-check.ts';
import type { WantedRecord } from './dns-records.ts';

export interface DomainCheck {
  /** Milliseconds since the epoch. */
  readonly checkedAt: number;
  readonly records: readonly CheckedRecord[];
}

/** All records of a domain; what has not answered by then is not known. */
const CHECK_MS = 10_000;
/** Whoever asks again so soon gets what was found. */
const FRESH_MS = 10_000;
const AT_ONCE = 4;
const KEPT_MAX = 1000;
/** Of a record that was found: anybody may publish megabytes. */
const FOUND_LENGTH_MAX = 1000;

export class TooManyChecks extends Error {
  override readonly name = 'TooManyChecks';
}

export class DomainChecks {
  readonly #clock: Clock;
  readonly #source: () => RecordSource;
  readonly #kept = new Map<string, DomainCheck>();
  readonly #underWay = new Map<string, Promise<DomainCheck>>();
  #asking = 0;

  constructor(clock: Clock, source: () => RecordSource) {
    this.#clock = clock;
    this.#source = source;
  }

  last(domain: string): DomainCheck | undefined {
    return this.#kept.get(domain);
  }

  /** Rejects with `TooManyChecks`. */
  check(domain: string, wanted: () => Promise<readonly WantedRecord[]>): Promise<DomainCheck> {
    const last = this.#kept.get(domain);
    if (last !== undefined && Math.abs(this.#clock.now() - last.checkedAt) < FRESH_MS)
      return Promise.resolve(last);
    const running = this.#underWay.get(domain);
    if (running !== undefined) return running;
    const begun = this.#bounded(async () => this.#look(domain, await wanted())).finally(() =>
      this.#underWay.delete(domain),
    );
    this.#underWay.set(domain, begun);
    return begun;
  }

  /** TXT records of this name, whoever published them. Rejects with `TooManyChecks`. */
  texts(name: string): Promise<RecordAnswer> {
    return this.#bounded(async () => this.#inTime(this.#source(), CHECK_MS).lookup(name, 'TXT'));
  }

  async #look(domain: string, wanted: readonly WantedRecord[]): Promise<DomainCheck> {
    const records = await checkRecords(wanted, this.#inTime(this.#source(), CHECK_MS));
    const check = { checkedAt: this.#clock.now(), records };
    this.#kept.delete(domain);
    this.#kept.set(domain, check);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    return check;
  }

  async #bounded<T>(look: () => Promise<T>): Promise<T> {
    if (this.#asking >= AT_ONCE)
      throw new TooManyChecks(`the DNS is being asked for ${AT_ONCE} others: try again in a moment`);
    this.#asking += 1;
    try {
      return await look();
    } finally {
      this.#asking -= 1;
    }
  }

  /** Of all its questions together. */
  #inTime(source: RecordSource, ms: number): RecordSource {
    const clock = this.#clock;
    const until = clock.monotonic() + ms;
    return {
      async lookup(name, type) {
        const left = Math.max(0, until - clock.monotonic());
        const late: RecordAnswer = { type: 'failed', cause: 'ETIMEOUT' };
        if (left === 0) return late;
        const answer = await withDeadline(clock, left, source.lookup(name, type)).catch(() => late);
        return answer.type === 'failed'
          ? answer
          : { ...answer, records: answer.records.map((text) => text.slice(0, FOUND_LENGTH_MAX)) };
      },
    };
  }
}
