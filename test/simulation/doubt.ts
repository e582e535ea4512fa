// What one connection lets the relay know of the replies that it gets. Where the next message's commands were under way before a final reply,
// that could be MAIL's as well, until DATA among them is answered where it should (src/protocol/delivery/in-step.ts).

import type { Taking } from './ledger.ts';

/** What the relay can tell about a reply. */
export interface About {
  readonly taking?: Taking | undefined;
  /** The next message's commands were under way before it. */
  readonly followed?: boolean;
  readonly answersData?: boolean;
  /** No reply at all, but garbage: the relay gives the connection up there. */
  readonly isNonsense?: boolean;
  /** 421: it may come at any time, and is no answer to MAIL. */
  readonly isFarewell?: boolean;
}

export class Doubt {
  #doubted: Taking[] = [];
  #moreSaid = false;
  #outOfStep = false;
  #over = false;

  /** A reply arrived. */
  arrived({ taking, followed, answersData, isNonsense, isFarewell }: About): void {
    if (this.#over) return;
    if (isNonsense === true) return this.#givenUp();
    if (answersData === true && !this.#outOfStep) this.#doubted = [];
    if (followed === undefined && isFarewell !== true) this.#moreSaid = true;
    if (taking === undefined) return;
    taking.heard = true;
    this.#moreSaid = false;
    if (followed === true) this.#doubted.push(taking);
  }

  /** One command has no reply: the replies after it are counted to the wrong ones. */
  leftOut(): void {
    this.#outOfStep = true;
  }

  /** Replies from now on are not read, a 354 in its place included. */
  #givenUp(): void {
    this.#moreSaid = true;
    this.ended();
    this.#over = true;
  }

  /** The connection is gone. */
  ended(): void {
    if (this.#over) return;
    if (this.#moreSaid) for (const taking of this.#doubted) taking.heard = false;
  }
}
