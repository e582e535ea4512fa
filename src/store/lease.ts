// The lease of a node, where several write one store. A right is believed only while it is fresh: a node that has not been heard for so long stops by itself, and
// only later others take over what it holds. Nobody has to reach anybody. Pure: each node keeps its own belief and asks it inline, never by a timer, because a process
// that was stopped wakes with its timers late; the engine keeps a row for each life, by the clock of the store.

/** A pulse renews the lease for so long, ms. */
export const LEASE_MS = 15_000;
/** From pulse to pulse, ms. */
export const PULSE_MS = 2_000;
/** So long before its lease ends in the store a node stops, ms: what it has just begun may still end in time. */
export const MARGIN_MS = 3_000;
/** So long beyond its lease a life is let be, ms. */
export const BEYOND_MS = 2_000;
/** Pulses further apart have a gap, ms: one may be lost. Less than margin and beyond together: so far the clock of the store may jump ahead, as at a fail-over, unnoticed. */
export const GAP_MS = 4_500;
/** The wall clock went ahead of the monotonic one by more: the machine was paused, and the monotonic clock does not know, ms. */
export const JUMP_MS = 2_000;

/** What a life that is over has still under way has come by then, ms: nothing is known of it any more. */
export const SWEPT_MS = 600_000;
/** From its first try on a life may be begun for so long, ms: if that try was done after all, the life may be over since, and known to nobody when it is swept. */
export const BEGIN_MS = SWEPT_MS / 2;

/** By the two clocks of one process, ms. */
export interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

/** Of a node, as it believes: it ends by itself. Plain data: it is told to other threads, whose monotonic clock is the same. */
export interface Right {
  /** By the monotonic clock, ms. */
  readonly until: number;
  /** By how much the wall clock was ahead of the monotonic one then, ms. */
  readonly ahead: number;
}

/** From when the pulse was sent: nobody knows when it was heard. */
export function rightSince(sent: Instant, ms: number): Right {
  return { until: sent.monotonic + ms, ahead: sent.wall - sent.monotonic };
}

/** To be asked right before what needs it. */
export function stands(right: Right | undefined, now: Instant): boolean {
  if (right === undefined) return false;
  const byWall = now.wall - right.ahead;
  if (byWall - now.monotonic > JUMP_MS) return false;
  return Math.max(now.monotonic, byWall) < right.until;
}

/** What a node knows of its own lease. */
export interface OwnLease {
  readonly incarnation: string;
  /** This life has been heard: it stands in the store. */
  readonly begun: boolean;
  /** It may act while this stands. */
  readonly held?: Right;
  /** It may be begun while this stands. Absent: that was not tried. */
  readonly begins?: Right;
}

export function newLife(incarnation: string): OwnLease {
  return { incarnation, begun: false };
}

/** Of a node whose thread before may have begun this life: it is never begun again. If nobody knows it, it is over. */
export function lifeGoesOn(incarnation: string): OwnLease {
  return { incarnation, begun: true };
}

/** What is to be asked for with a pulse that is sent now. */
export function beforePulse(own: OwnLease, now: Instant, nextIncarnation: () => string): OwnLease {
  if (own.begun || stands(own.begins, now)) return own;
  const life = own.begins === undefined ? own : newLife(nextIncarnation());
  return { ...life, begins: rightSince(now, BEGIN_MS) };
}

/** Of a pulse that was sent then, by this life. `dead`: another has taken over from it; it never comes back, and another life begins. */
export function afterPulse(
  own: OwnLease,
  pulse: { readonly incarnation: string; readonly sent: Instant },
  answer: 'alive' | 'dead',
  nextIncarnation: () => string,
): OwnLease {
  // Of a life before.
  if (pulse.incarnation !== own.incarnation) return own;
  if (answer === 'dead') return newLife(nextIncarnation());
  const held = rightSince(pulse.sent, LEASE_MS - MARGIN_MS);
  const isOlder = own.held !== undefined && own.held.until > held.until;
  return { ...own, begun: true, held: isOlder ? own.held : held };
}

/** `dead`: it was taken over from. `ended`: it ended in order. Neither ever lives again. */
export type LifeState = 'alive' | 'dead' | 'ended';

/** Of one life, as the store keeps it, by its clock, ms. What is judged is judged when it is written: a pulse or a takeover may come late. */
export interface LifeRow {
  readonly state: LifeState;
  readonly until: number;
  /** It has pulsed without a gap since then. */
  readonly steadySince: number;
}

export function beginning(now: number): LifeRow {
  return { state: 'alive', until: now + LEASE_MS, steadySince: now };
}

/** After a pulse of a life that is not dead. */
export function renewed(row: LifeRow, now: number): LifeRow {
  const sincePulse = now - (row.until - LEASE_MS);
  // Below zero: the clock of the store was set back.
  const isSteady = sincePulse >= 0 && sincePulse <= GAP_MS;
  return { ...beginning(now), steadySince: isSteady ? row.steadySince : now };
}

/**
 * After its pulse: has it been here for a whole lease? Who was away declares nobody dead: when the store itself was away all leases have ended, and the
 * first one back would take everything from those that live.
 */
export function mayTakeOver({ state, steadySince }: LifeRow, now: number): boolean {
  return state === 'alive' && now - steadySince >= LEASE_MS;
}

export function isLost({ state, until }: LifeRow, now: number): boolean {
  return state === 'alive' && now > until + BEYOND_MS;
}

/** Where a life runs. */
export interface Place {
  readonly host: string;
  /** Names a lock that its process holds as long as it lives: who holds it later knows that the process is gone. Absent: nothing tells. */
  readonly lock?: string;
}

/** May a life that begins at a place of its own have the name of this one? Not while its process may live, and act on its lease. */
export function mayFollow(row: LifeRow, of: Partial<Place>, own: Partial<Place>, now: number): boolean {
  const isGone = of.lock !== undefined && of.lock === own.lock;
  return row.state !== 'alive' || isGone || isLost(row, now);
}

/** The clock of the store may have been set back: no lease lasts longer than one that is renewed now, and nobody has been there since a time to come. */
export function bounded({ state, until, steadySince }: LifeRow, now: number): LifeRow {
  return { state, until: Math.min(until, now + LEASE_MS), steadySince: Math.min(steadySince, now) };
}
