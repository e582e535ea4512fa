// Whose mail may leave, as far as this relay has heard: mail that waits here was accepted before its sender was suspended. Only the store knows for
// sure, so that after a doubt what has not left goes back into it; and while this node does not hold its lease others may have it.

import type { IdentityId } from '../record/identity.ts';
import type { Holder } from '../store/holder.ts';
import type { StoreNotice } from '../store/port.ts';

export class Senders {
  readonly #holder: Holder;
  readonly #mayNotSend = new Set<IdentityId>();
  /** Newest ones heard of: an entry for each identity that changed since the start. */
  readonly #revisions = new Map<IdentityId, number>();
  /** Counts the times that notices may have been lost. */
  #doubts = 0;

  constructor(holder: Holder) {
    this.#holder = holder;
  }

  changed({ identityId, state, revision }: Extract<StoreNotice, { type: 'identityChanged' }>): void {
    // It may come twice, and after a later one.
    if (revision < (this.#revisions.get(identityId) ?? 0)) return;
    this.#revisions.set(identityId, revision);
    if (state === 'active') this.#mayNotSend.delete(identityId);
    else this.#mayNotSend.add(identityId);
  }

  /** Notices may have been lost: nothing that is here may go, and what comes later is judged by notices to come. */
  unsure(): void {
    this.#doubts += 1;
    this.#mayNotSend.clear();
  }

  /** To be asked of mail that has come now, right before it leaves. */
  mayGo(identityId: IdentityId | undefined): () => boolean {
    const doubtsBefore = this.#doubts;
    return () => doubtsBefore === this.#doubts && this.#holder.mayAct() && this.#maySend(identityId);
  }

  #maySend(identityId: IdentityId | undefined): boolean {
    return identityId === undefined || (this.#holder.isSure() && !this.#mayNotSend.has(identityId));
  }
}
