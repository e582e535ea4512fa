// The body of a message on its way in: its octets stream through the body hash and are kept in memory while they
// are few; past `INLINE_OCTETS_MAX`, or when memory is short, they are staged in the store. They are never changed.
// What is staged stays in memory as well, as long as there is room for it, so that the relay need not read it again.

import { isAscii } from 'node:buffer';
import { createHash, hash as hashOf, type Hash } from 'node:crypto';
import { octetsOf } from '../base/bytes.ts';
import { Pieces } from '../base/pieces.ts';
import { KIB } from '../base/size.ts';
import type { Stage, Store } from '../store/port.ts';
import type { MemoryBudget } from './memory-budget.ts';

export const INLINE_OCTETS_MAX = 256 * KIB;
/** Staged in blocks of about this size. */
const BLOCK_OCTETS = 128 * KIB;
/** A larger body is not kept in memory besides. */
const KEPT_OCTETS_MAX = 4096 * KIB;
/** Octets that may wait for the disk before the client has to wait. */
const WAITING_OCTETS_MAX = 4 * BLOCK_OCTETS;

const none = new Uint8Array(0);

export interface Body {
  /** Undefined: go on at once; else wait before more is written. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Hash and size; a staged body is durable when this resolves. */
  finish(): Promise<FinishedBody>;
  /** Accepted: its memory is free again. */
  release(): void;
  /** Frees memory and removes the stage; never throws. */
  discard(): Promise<void>;
}

export interface FinishedBody {
  readonly octets: number;
  readonly hash: string;
  readonly has8bit: boolean;
  readonly staged: boolean;
  /** The octets; undefined if there was no memory to keep what was staged. */
  readonly chunks: readonly Uint8Array[] | undefined;
}

export function openBody(store: Store, messageId: string, memory: MemoryBudget): Body {
  return new IncomingBody(store, messageId, memory);
}

class IncomingBody implements Body {
  readonly #store: Store;
  readonly #messageId: string;
  readonly #memory: MemoryBudget;
  /** Most bodies come in one piece, which is hashed in one call at the end. It stands in `#pieces`. */
  #only: Uint8Array | undefined;
  #hash: Hash | undefined;
  readonly #pieces = new Pieces();
  /** Staged octets that are still in memory; undefined: they are not. */
  #kept: Uint8Array[] | undefined = [];
  /** Octets of the budget that this body holds: those that wait and those that are kept. */
  #held = 0;
  #waiting = 0;
  #octets = 0;
  #has8bit = false;
  #stage: Stage | undefined;
  #writing: Promise<void> | undefined;
  #failure: unknown;

  constructor(store: Store, messageId: string, memory: MemoryBudget) {
    this.#store = store;
    this.#messageId = messageId;
    this.#memory = memory;
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#failure !== undefined) return undefined;
    this.#hashMore(this.#pieces.push(bytes));
    this.#octets += bytes.length;
    this.#waiting += bytes.length;
    if (!this.#has8bit && !isAscii(bytes)) this.#has8bit = true;
    const reserved = this.#memory.reserve(bytes.length);
    if (reserved) this.#held += bytes.length;
    if (!reserved || !this.#memory.isAmple || this.#octets > KEPT_OCTETS_MAX) this.#keepNoMore();
    const isLarge =
      this.#stage !== undefined || this.#writing !== undefined || this.#octets > INLINE_OCTETS_MAX;
    if (reserved && (!isLarge || this.#waiting < BLOCK_OCTETS)) return undefined;
    const written = this.#startWriting();
    return !reserved || this.#waiting >= WAITING_OCTETS_MAX ? written : undefined;
  }

  async finish(): Promise<FinishedBody> {
    await this.#drain();
    const staged = this.#stage !== undefined;
    await this.#stage?.finish();
    const chunks = staged ? this.#kept : this.#pieces.take();
    const hash = this.#hash === undefined ? hashOf('sha256', this.#only ?? none) : this.#hash.digest('hex');
    return { octets: this.#octets, has8bit: this.#has8bit, hash, staged, chunks };
  }

  release(): void {
    this.#give(this.#held);
    this.#pieces.take();
    this.#only = undefined;
    this.#kept = undefined;
  }

  async discard(): Promise<void> {
    await this.#writing;
    this.release();
    await this.#stage?.discard();
    this.#stage = undefined;
  }

  #hashMore(bytes: Uint8Array): void {
    if (this.#octets === 0) this.#only = bytes;
    else this.#hashSoFar().update(bytes);
  }

  #hashSoFar(): Hash {
    this.#hash ??= createHash('sha256').update(this.#only ?? none);
    this.#only = undefined;
    return this.#hash;
  }

  #give(count: number): void {
    this.#memory.release(count);
    this.#held -= count;
  }

  #keepNoMore(): void {
    if (this.#kept === undefined) return;
    const count = octetsOf(this.#kept);
    this.#kept = undefined;
    this.#give(Math.min(this.#held, count));
  }

  /** Chunks wait in memory while an earlier write is under way. */
  #startWriting(): Promise<void> {
    this.#writing ??= this.#stageWaiting()
      .catch((error: unknown) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#writing = undefined;
      });
    return this.#writing;
  }

  async #stageWaiting(): Promise<void> {
    this.#hashSoFar();
    const chunks = this.#pieces.take();
    const count = this.#waiting;
    this.#waiting = 0;
    try {
      this.#stage ??= await this.#store.stage(this.#messageId);
      await this.#stage.append(...chunks);
    } finally {
      if (this.#kept === undefined) this.#give(Math.min(this.#held, count));
      else this.#kept.push(...chunks);
    }
  }

  async #drain(): Promise<void> {
    while (this.#writing !== undefined || (this.#stage !== undefined && !this.#pieces.isEmpty))
      await this.#startWriting();
    if (this.#failure !== undefined) throw this.#failure;
  }
}
