// The body of a message on its way in (DESIGN 3.5): its octets stream through the body hash and are kept in memory while they
// are few; past `INLINE_OCTETS_MAX`, or when memory is short, they are staged in the store. They are never changed.

import { isAscii } from 'node:buffer';
import { createHash } from 'node:crypto';
import { Pieces } from '../base/pieces.ts';
import { KIB } from '../base/size.ts';
import type { Stage, Store } from '../store/port.ts';
import type { MemoryBudget } from './memory-budget.ts';

export const INLINE_OCTETS_MAX = 256 * KIB;

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
  /** The octets, or undefined if they were staged. */
  readonly chunks: readonly Uint8Array[] | undefined;
}

export function openBody(store: Store, messageId: string, memory: MemoryBudget): Body {
  const hash = createHash('sha256');
  const pieces = new Pieces();
  let held = 0;
  let octets = 0;
  let has8bit = false;
  let stage: Stage | undefined;
  let writing: Promise<void> | undefined;
  let failure: unknown;

  async function stageHeld(): Promise<void> {
    const chunks = pieces.take();
    const released = held;
    held = 0;
    try {
      stage ??= await store.stage(messageId);
      for (const chunk of chunks) await stage.append(chunk);
    } finally {
      memory.release(released);
    }
  }

  /** Chunks wait in memory while an earlier write is under way: the session is paused, so they are few. */
  function startWriting(): Promise<void> {
    writing ??= stageHeld()
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
    memory.release(held);
    held = 0;
    pieces.take();
  }

  return {
    write(bytes) {
      if (failure !== undefined) return undefined;
      hash.update(bytes);
      octets += bytes.length;
      if (!has8bit && !isAscii(bytes)) has8bit = true;
      const reserved = memory.reserve(bytes.length);
      pieces.push(bytes);
      held += reserved ? bytes.length : 0;
      const mustStage =
        stage !== undefined || writing !== undefined || octets > INLINE_OCTETS_MAX || !reserved;
      return mustStage ? startWriting() : undefined;
    },
    async finish() {
      await drain();
      await stage?.finish();
      return {
        octets,
        has8bit,
        hash: hash.digest('hex'),
        chunks: stage === undefined ? pieces.take() : undefined,
      };
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
