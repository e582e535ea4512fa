// Whether a standby confirms commits, as `durability: replicated` asks. A small one is committed again and again, over a connection of its own, and waited for as long
// as it takes: while it waits, every other one would. No look at the server could tell as much, and who may look sees more than a node has to.

import type { Clock } from '../../platform/platform.ts';
import type { Connection } from './connection.ts';
import { NotReplicated } from './replication.ts';

/** A commit that waits longer has nobody who confirms it, ms. */
const LATE_MS = 1_500;

/** It writes no row. */
const COMMIT = "SELECT pg_logical_emit_message(true, 'postern', '')";

export const NOT_CONFIRMED =
  'no synchronous standby confirms commits, as `durability: replicated` asks: look at synchronous_standby_names and pg_stat_replication on the PostgreSQL server';

export class StandbyWatch {
  readonly #connection: Connection;
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>;
  /** When the one under way was sent, monotonic, ms. */
  #sentAt: number | undefined;
  /** Of the last one. */
  #failure: unknown;

  constructor(connection: Connection, clock: Pick<Clock, 'monotonic' | 'after'>) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Commits wait for a standby now, and have for a while. */
  get isLate(): boolean {
    return this.#sentAt !== undefined && this.#clock.monotonic() - this.#sentAt >= LATE_MS;
  }

  /** Looks again, if it does not wait already. Throws what the look before failed with. */
  look(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (this.#sentAt === undefined) void this.#commit().catch((error: unknown) => (this.#failure = error));
    if (failure !== undefined) throw failure;
  }

  /** Fulfilled when a standby has confirmed a commit. `late`: told once if that takes longer than it should; absent: it rejects then with `NotReplicated`. */
  async confirmed(late?: (because: string) => void): Promise<void> {
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const give = late ?? ((because: string) => reject(new NotReplicated(because)));
    const cancel = this.#clock.after(LATE_MS, () => give(NOT_CONFIRMED));
    try {
      await Promise.race([this.#commit(), givenUp]);
    } finally {
      cancel();
    }
  }

  /** One that waits is given up. */
  end(): void {
    this.#connection.destroy('nobody needs it');
  }

  async #commit(): Promise<void> {
    this.#sentAt = this.#clock.monotonic();
    try {
      await this.#connection.query(COMMIT);
    } finally {
      this.#sentAt = undefined;
    }
  }
}
