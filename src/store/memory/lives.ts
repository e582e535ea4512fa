// Lives of the nodes in memory: their leases, who takes over from whom, and what each pulse tells of identities (`lease.ts`, `freshness.ts`).

import type { Clock } from '../../platform/platform.ts';
import type { PulseAnswer } from '../engine.ts';
import { FEED_MAX, FEED_MS, type Changed, type IdentityChanged } from '../freshness.ts';
import { beginning, bounded, isLost, type LifeRow, mayTakeOver, renewed } from '../lease.ts';
import { type Incarnation, type Owner, ownersOfLife } from '../owner.ts';
import type { NodeFacts, NodeFactsChange, StoreNodes } from '../nodes.ts';
import type { OutcomeOf, StoreNotice } from '../port.ts';
import { compareBytes } from './state.ts';

export interface Lives {
  pulse(life: Incarnation, isFirst: boolean): PulseAnswer;
  noteFacts(change: NodeFactsChange): OutcomeOf<NodeFactsChange>;
  nodes(): StoreNodes;
  /** After a commit. */
  noticed(notice: StoreNotice): void;
}

interface Kept {
  readonly life: Incarnation;
  readonly row: LifeRow;
  readonly facts?: NodeFacts;
}

/** What a life that is over has still under way has come by then, ms. */
const SWEPT_MS = 600_000;

/** `free` gives back what these owners hold. */
export function createLives(
  clock: Pick<Clock, 'now'>,
  free: (ownerPrefix: Owner, dueAt: number) => void,
): Lives {
  /** By the beginning of their owners. */
  const lives = new Map<Owner, Kept>();
  let changes: readonly { readonly at: number; readonly notice: IdentityChanged }[] = [];

  function forget(now: number): void {
    changes = changes.filter(({ at }) => at > now - FEED_MS);
  }

  function changed(now: number): Changed {
    forget(now);
    return changes.length > FEED_MAX ? 'many' : changes.map(({ notice }) => notice);
  }

  function takeOver(now: number): readonly Incarnation[] {
    const gone = [...lives].filter(([, { row }]) => isLost(row, now));
    for (const [owners, { life, row }] of gone)
      lives.set(owners, { ...lives.get(owners), life, row: { ...row, state: 'dead' } });
    return gone.map(([, { life }]) => life);
  }

  /** Again and again: what it had under way may come after it was declared dead. */
  function sweep(now: number): void {
    for (const [owners, { row }] of lives) {
      if (row.state !== 'dead') continue;
      free(owners, now);
      if (now > row.until + SWEPT_MS) lives.delete(owners);
    }
  }

  return {
    pulse(life, isFirst) {
      const now = clock.now();
      const owners = ownersOfLife(life);
      const before = lives.get(owners)?.row;
      if (before === undefined ? !isFirst : before.state === 'dead') return { type: 'dead' };
      const row = before === undefined ? beginning(now) : renewed(before, now);
      lives.set(owners, { ...lives.get(owners), life, row });
      for (const [other, kept] of lives) lives.set(other, { ...kept, row: bounded(kept.row, now) });
      const tookOver = mayTakeOver(row, now) ? takeOver(now) : [];
      sweep(now);
      return { type: 'alive', at: now, changed: changed(now), tookOver };
    },
    noteFacts({ life, facts }) {
      const owners = ownersOfLife(life);
      const kept = lives.get(owners);
      if (kept !== undefined) lives.set(owners, { ...kept, facts });
      return { type: 'noted' };
    },
    nodes: () => ({
      at: clock.now(),
      lives: [...lives.entries()]
        .toSorted(([one], [other]) => compareBytes(one, other))
        .map(([, { life, row, facts }]) => ({
          ...{ ...life, state: row.state, until: row.until },
          ...(facts === undefined ? {} : { facts }),
        })),
    }),
    noticed(notice) {
      if (notice.type !== 'identityChanged') return;
      forget(clock.now());
      changes = [...changes, { at: clock.now(), notice }];
    },
  };
}
