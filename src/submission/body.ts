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
  /** Most bodies come in one piece, which is hashed in one call at the end. It stands in `pieces`. */
  let only: Uint8Array | undefined;
  let hash: Hash | undefined;
  const pieces = new Pieces();
  /** Staged octets that are still in memory; undefined: they are not. */
  let kept: Uint8Array[] | undefined = [];
  /** Octets of the budget that this body holds: those that wait and those that are kept. */
  let held = 0;
  let waiting = 0;
  let octets = 0;
  let has8bit = false;
  let stage: Stage | undefined;
  let writing: Promise<void> | undefined;
  let failure: unknown;

  function hashMore(bytes: Uint8Array): void {
    if (octets === 0) only = bytes;
    else hashSoFar().update(bytes);
  }

  function hashSoFar(): Hash {
    hash ??= createHash('sha256').update(only ?? none);
    only = undefined;
    return hash;
  }

  function give(count: number): void {
    memory.release(count);
    held -= count;
  }

  function keepNoMore(): void {
    if (kept === undefined) return;
    const count = octetsOf(kept);
    kept = undefined;
    give(Math.min(held, count));
  }

  async function stageWaiting(): Promise<void> {
    hashSoFar();
    const chunks = pieces.take();
    const count = waiting;
    waiting = 0;
    try {
      stage ??= await store.stage(messageId);
      await stage.append(...chunks);
    } finally {
      if (kept === undefined) give(Math.min(held, count));
      else kept.push(...chunks);
    }
  }

  /** Chunks wait in memory while an earlier write is under way. */
  function startWriting(): Promise<void> {
    writing ??= stageWaiting()
      .catch((error: unknown) => {
        failure = error;
      })
      .finally(() => {
        writing = undefined;
      });
    return writing;
  }

  async function drain(): Promise<void> {
    while (writing !== undefined || (stage !== undefined && !pieces.isEmpty)) await startWriting();
    if (failure !== undefined) throw failure;
  }

  function release(): void {
    give(held);
    pieces.take();
    only = undefined;
    kept = undefined;
  }

  return {
    write(bytes) {
      if (failure !== undefined) return undefined;
      hashMore(pieces.push(bytes));
      octets += bytes.length;
      waiting += bytes.length;
      if (!has8bit && !isAscii(bytes)) has8bit = true;
      const reserved = memory.reserve(bytes.length);
      if (reserved) held += bytes.length;
      if (!reserved || !memory.isAmple || octets > KEPT_OCTETS_MAX) keepNoMore();
      const isLarge = stage !== undefined || writing !== undefined || octets > INLINE_OCTETS_MAX;
      if (reserved && (!isLarge || waiting < BLOCK_OCTETS)) return undefined;
      const written = startWriting();
      return !reserved || waiting >= WAITING_OCTETS_MAX ? written : undefined;
    },
    async finish() {
      await drain();
      const staged = stage !== undefined;
      await stage?.finish();
      const chunks = staged ? kept : pieces.take();
      const digest = hash === undefined ? hashOf('sha256', only ?? none) : hash.digest('hex');
      return { octets, has8bit, hash: digest, staged, chunks };
    },
    release,
    async discard() {
      await writing;
      release();
      await stage?.discard();
      stage = undefined;
    },
  };
}
