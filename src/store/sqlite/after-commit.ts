// What waits for the commit of the change that it belongs to: notices to send, and files of bodies to remove.

import type { MessageId } from '../../base/message-id.ts';
import type { StoreNotice } from '../port.ts';
import { removeBody } from './bodies.ts';

/** How much was waiting then. */
export interface AfterCommitMark {
  readonly notices: number;
  readonly bodies: number;
}

export class AfterCommit {
  readonly #options: { readonly dataDirectory: string; onNotice(notice: StoreNotice): void };
  #notices: StoreNotice[] = [];
  /** Of changes that are not committed yet, or of neighbours in the same group that are. */
  #bodies: MessageId[] = [];
  /** Committed, and to be removed as soon as nobody copies them. */
  #removable: MessageId[] = [];
  #keep = false;

  constructor(options: { readonly dataDirectory: string; onNotice(notice: StoreNotice): void }) {
    this.#options = options;
  }

  notice(notice: StoreNotice): void {
    this.#notices.push(notice);
  }

  bodyDone(id: MessageId): void {
    this.#bodies.push(id);
  }

  mark(): AfterCommitMark {
    return { notices: this.#notices.length, bodies: this.#bodies.length };
  }

  /** What came since `mark` was rolled back; earlier changes of the same group are committed. */
  reset({ notices, bodies }: AfterCommitMark): void {
    this.#notices.length = notices;
    this.#bodies.length = bodies;
  }

  /** While true, bodies stay: a backup is copying them. */
  keepBodies(keep: boolean): void {
    this.#keep = keep;
    this.committed();
  }

  committed(): void {
    const told = this.#notices;
    this.#notices = [];
    this.#removable.push(...this.#bodies);
    this.#bodies = [];
    if (!this.#keep) {
      for (const id of this.#removable) removeBody(this.#options.dataDirectory, id);
      this.#removable = [];
    }
    for (const notice of told) this.#options.onNotice(notice);
  }
}
