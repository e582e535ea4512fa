// The nodes that share a store, as they stand in it: each life with its lease, and what it says of itself. A store of one process has none.

import type { LifeRow } from './lease.ts';
import type { Incarnation } from './owner.ts';

/** What a node says of itself. */
export interface NodeFacts {
  readonly version: string;
  readonly roles: readonly string[];
  /** Of its process, ms since the epoch by its own clock. Absent: an older version. */
  readonly startedAt?: number;
  /** It takes no new connections, and will stop. */
  readonly isLeaving?: true;
  /** Of its configuration, by subject: nodes of one version whose digests of a subject differ are configured differently. */
  readonly digests: Readonly<Record<string, string>>;
}

export interface NodeLife extends Incarnation, Pick<LifeRow, 'state' | 'until'> {
  /** Absent: it has said nothing yet. */
  readonly facts?: NodeFacts;
}

export interface StoreNodes {
  /** By the clock of the store, as is `until` of the lives, ms since the epoch; without lives any time. */
  readonly at: number;
  /** By node; those that are over for a while too. */
  readonly lives: readonly NodeLife[];
}

/** Takes the place of what it said before. A life that does not stand in the store says nothing. */
export interface NodeFactsChange {
  readonly type: 'nodeFacts';
  readonly life: Incarnation;
  readonly facts: NodeFacts;
}

export interface NodeFactsOutcomes {
  nodeFacts: { readonly type: 'noted' };
}
