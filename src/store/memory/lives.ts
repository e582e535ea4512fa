// Lives of the nodes in memory: their leases, who takes over from whom, and what each pulse tells of identities (`lease.ts`, `freshness.ts`).

import type { Clock } from '../../platform/platform.ts';
import type { Namesake, PulseAnswer } from '../engine.ts';
import { FEED_MAX, FEED_MS, type Changed, type IdentityChanged } from '../freshness.ts';
import {
  beginning,
  bounded,
  isLost,
  type LifeRow,
  mayFollow,
  mayTakeOver,
  type Place,
  renewed,
  SWEPT_MS,
} from '../lease.ts';
import { type Incarnation, type Owner, ownersOfLife } from '../owner.ts';
import type { NodeFacts, NodeFactsChange, StoreNodes } from '../nodes.ts';
import type { OutcomeOf, StoreNotice } from '../port.ts';
import { compareBytes } from './state.ts';

export interface Lives {
  /** `place`: where it runs. */
  pulse(life: Incarnation, isFirst: boolean, place: Partial<Place>): PulseAnswer;
  end(life: Incarnation): void;
  noteFacts(change: NodeFactsChange): OutcomeOf<NodeFactsChange>;
  nodes(): StoreNodes;
  /** After a commit, of what was done so long ago, ms. */
  noticed(notice: StoreNotice, msAgo: number): void;
}

interface Kept {
  readonly life: Incarnation;
  readonly row: LifeRow;
  readonly place: Partial<Place>;
  readonly facts?: NodeFacts;
}

/** By the beginning of their owners. */
type AllLives = Map<Owner, Kept>;

/** `free` gives back what these owners hold. */
export function createLives(
  clock: Pick<Clock, 'now'>,
  free: (ownerPrefix: Owner, dueAt: number) => void,
): Lives {
  const lives: AllLives = new Map();
  let changes: readonly { readonly at: number; readonly notice: IdentityChanged }[] = [];

  function forget(now: number): void {
    changes = changes.filter(({ at }) => at > now - FEED_MS);
  }

  function changed(now: number): Changed {
    forget(now);
    return changes.length > FEED_MAX ? 'many' : changes.map(({ notice }) => notice);
  }

  function takeOver(now: number): readonly Incarnation[] {
    const gone = [...lives.values()].filter(({ row }) => isLost(row, now));
    declareDead(lives, gone);
    return gone.map(({ life }) => life);
  }

  /** Again and again: what it had under way may come after it was declared dead. */
  function sweep(now: number): void {
    for (const [owners, { row }] of lives) {
      if (row.state === 'alive') continue;
      free(owners, now);
      if (now > row.until + SWEPT_MS) lives.delete(owners);
    }
  }

  return {
    pulse(life, isFirst, place) {
      const now = clock.now();
      const owners = ownersOfLife(life);
      const before = lives.get(owners)?.row;
      if (before === undefined ? !isFirst : before.state !== 'alive') return { type: 'dead' };
      const namesake = before === undefined ? followed(lives, { life, place, now }) : undefined;
      if (namesake !== undefined) return { type: 'taken', by: namesake };
      const row = before === undefined ? beginning(now) : renewed(before, now);
      lives.set(owners, { ...lives.get(owners), life, row, place });
      for (const [other, kept] of lives) lives.set(other, { ...kept, row: bounded(kept.row, now) });
      const tookOver = mayTakeOver(row, now) ? takeOver(now) : [];
      sweep(now);
      return { type: 'alive', at: now, changed: changed(now), tookOver };
    },
    end(life) {
      const owners = ownersOfLife(life);
      const kept = lives.get(owners);
      if (kept?.row.state !== 'alive') return;
      const now = clock.now();
      lives.set(owners, { ...kept, row: { ...kept.row, state: 'ended', until: now } });
      free(owners, now);
    },
    noteFacts({ life, facts }) {
      const owners = ownersOfLife(life);
      const kept = lives.get(owners);
      if (kept !== undefined) lives.set(owners, { ...kept, facts });
      return { type: 'noted' };
    },
    nodes: () => ({ at: clock.now(), lives: shown(lives) }),
    noticed(notice, msAgo) {
      if (notice.type !== 'identityChanged') return;
      forget(clock.now());
      changes = [...changes, { at: clock.now() - msAgo, notice }];
    },
  };
}

function shown(lives: AllLives): StoreNodes['lives'] {
  return [...lives.entries()]
    .toSorted(([one], [other]) => compareBytes(one, other))
    .map(([, { life, row, facts }]) => ({
      ...{ ...life, state: row.state, until: row.until },
      ...(facts === undefined ? {} : { facts }),
    }));
}

function declareDead(lives: AllLives, gone: readonly Kept[]): void {
  for (const kept of gone)
    lives.set(ownersOfLife(kept.life), { ...kept, row: { ...kept.row, state: 'dead' } });
}

/** Before a life begins: earlier ones of its name are over, or the one that may live is given. */
function followed(
  lives: AllLives,
  { life, place, now }: Pick<Kept, 'life' | 'place'> & { readonly now: number },
): Namesake | undefined {
  const alive = [...lives.values()].filter(
    (kept) => kept.life.node === life.node && kept.row.state === 'alive',
  );
  const living = alive.find((kept) => !mayFollow(bounded(kept.row, now), kept.place, place, now));
  if (living === undefined) declareDead(lives, alive);
  const { host } = living?.place ?? {};
  return living && { ...living.life, until: living.row.until, ...(host === undefined ? {} : { host }) };
}
