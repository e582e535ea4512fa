// Who holds what a thread has leased, and whether it may act on it now. Where several nodes write one store, a node has a lease of its own (`lease.ts`), and is told
// of identities (`freshness.ts`): both rights end by themselves, and are asked right before what needs them.

import type { Clock } from '../platform/platform.ts';
import { type Instant, type Right, stands } from './lease.ts';
import { type Incarnation, type Owner, ownerIn } from './owner.ts';

export interface Holder {
  /** Of what is leased from now on: the next life of its node has another. */
  readonly owner: Owner;
  /** False: others may have what it has leased. */
  mayAct(): boolean;
  /** False: what it was told of identities may not be so any more. */
  isSure(): boolean;
}

/** What the thread that writes tells all others, after each pulse and over each new line. Of a store that a single node writes nothing is told. */
export interface LeaseNotice {
  readonly type: 'lease';
  readonly life: Incarnation;
  /** Absent: its lease is not held. */
  readonly held?: Right;
  /** Absent: nothing was told yet. */
  readonly sure?: Right;
}

export interface ToldHolder extends Holder {
  /** True: another life has begun, and what was leased before is not its own. */
  told(notice: LeaseNotice): boolean;
}

export function instantOf(clock: Pick<Clock, 'now' | 'monotonic'>): Instant {
  return { monotonic: clock.monotonic(), wall: clock.now() };
}

/** Holds everything for good until it is told of a lease: that comes over the line before anything that could be held. */
export function createHolder(clock: Pick<Clock, 'now' | 'monotonic'>, owner: Owner): ToldHolder {
  let lease: LeaseNotice | undefined;
  let current = owner;
  return {
    get owner() {
      return current;
    },
    mayAct: () => lease === undefined || stands(lease.held, instantOf(clock)),
    isSure: () => lease === undefined || stands(lease.sure, instantOf(clock)),
    told(notice) {
      const before = current;
      lease = notice;
      current = ownerIn(notice.life, owner);
      return current !== before;
    },
  };
}
