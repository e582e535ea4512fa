// What the parts of the writer go through while one change is done: its statements, its events, and what follows once it is committed.

import type { Clock } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import type { QueueDepth, QueueLimits } from '../depth.ts';
import type { StoreNotice } from '../port.ts';
import type { Counters } from './counters.ts';
import type { Floors } from './floors.ts';
import type { InHand } from './in-hand.ts';
import type { WritingSql } from './sql.ts';

export interface Work {
  readonly sql: WritingSql;
  /** Of the whole writer; changed only in `afterCommit`. */
  readonly node: NodeState;
  /** By the store's clock, ms since the epoch. */
  readonly now: number;
  append(event: EventDraft): void;
  /** Sent after the commit. */
  notice(notice: StoreNotice): void;
  afterCommit(run: () => void): void;
}

/** What a writer keeps in memory. */
export interface NodeState {
  readonly clock: Clock;
  readonly counters: Counters;
  /** Of all nodes, as of the last pulse, and what this writer has done since. */
  readonly queue: QueueDepth;
  readonly queueLimits: QueueLimits;
  readonly inHand: InHand;
  readonly floors: Floors;
  /** As `WriterFigures` says. */
  readonly figures: { readonly redone: Record<string, number> };
  /** Why nothing more can be accepted, or undefined. */
  fullBecause(): string | undefined;
}
