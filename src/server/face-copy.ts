// Main's part of a copy of the store that the console sends to somebody: the file stays in main, and goes piece by piece to the thread that asks. One at a time; one
// that nobody goes on reading is let go, because it holds as much space as the store does.

import type { AdministrationPorts } from '../administration/ports.ts';
import type { Clock } from '../platform/platform.ts';

const UNREAD_MS_MAX = 120_000;

interface Open {
  readonly number: number;
  readonly rest: AsyncIterator<Uint8Array>;
  close(): Promise<void>;
  letGoLater(): void;
}

export class FaceCopy {
  readonly #ports: Pick<AdministrationPorts, 'copy'>;
  readonly #clock: Clock;
  #made = 0;
  #isBeingMade = false;
  #open: Open | undefined;

  constructor(ports: Pick<AdministrationPorts, 'copy'>, clock: Clock) {
    this.#ports = ports;
    this.#clock = clock;
  }

  /** Resolves with its number when it is made. */
  async begin(): Promise<number> {
    if (this.#isBeingMade || this.#open !== undefined)
      throw new Error('the console sends a copy to somebody already: try again when that has ended');
    this.#isBeingMade = true;
    try {
      const { content, close } = await this.#ports.copy();
      let cancel: () => void = () => undefined;
      const number = (this.#made += 1);
      const open: Open = {
        number,
        rest: content[Symbol.asyncIterator](),
        close: () => {
          cancel();
          return close();
        },
        letGoLater: () => {
          cancel();
          cancel = this.#clock.after(UNREAD_MS_MAX, () => void this.end(number));
        },
      };
      open.letGoLater();
      this.#open = open;
      return number;
    } finally {
      this.#isBeingMade = false;
    }
  }

  /** Undefined: that was all. */
  async next(number: number): Promise<Uint8Array | undefined> {
    if (this.#open?.number !== number)
      throw new Error('the copy was let go: nobody had read on for two minutes');
    this.#open.letGoLater();
    const { done, value } = await this.#open.rest.next();
    return done === true ? undefined : value;
  }

  /** Absent: whichever there is. */
  async end(number = this.#open?.number): Promise<void> {
    const open = this.#open;
    if (open?.number !== number) return;
    this.#open = undefined;
    await open?.close();
  }
}
