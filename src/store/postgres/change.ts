// What the parts of the writer go through while one change is done: its statements, its events, and what follows once it is committed.

import type { MessageId } from '../../base/message-id.ts';
import type { Clock } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import type { QueueDepth, QueueLimits } from '../depth.ts';
import type { QueuedMessage, StoreNotice } from '../port.ts';
import type { Counters } from './counters.ts';
import type { Sql } from './sql.ts';

export interface Work {
  readonly sql: Sql;
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
  /** Counted at the opening, then kept by counting what this writer does; others' as of the last look. */
  readonly queue: QueueDepth;
  readonly queueLimits: QueueLimits;
  /** Messages that this writer accepted into the hands of a front, with nothing having happened to them since, as far as it knows. */
  readonly inHand: Map<MessageId, QueuedMessage['role']>;
  readonly figures: { redone: number };
  /** Why nothing more can be accepted, or undefined. */
  fullBecause(): string | undefined;
}
