// Which deliveries a claim takes. A lane holds the deliveries to one domain. Each engine only lists its lanes and leases from one; the choice is here.

import type { ClaimChange, ClaimShare } from './port.ts';

/** Lanes that one claim looks at: a queue of very many domains takes several claims. */
export const LOOKED_AT_MAX = 500;

export interface Lanes {
  /** The first lane after this domain, or of all, with the time that its oldest delivery is due at. */
  firstAfter(domain: string | undefined): { readonly domain: string; readonly dueAt: number } | undefined;
  /** Leases up to `max` of what is due in the lane, oldest first. */
  take(domain: string, max: number): number;
}

export function takeShares(
  lanes: Lanes,
  change: ClaimChange,
  now: number,
): { readonly next?: string; readonly more: boolean } {
  const named = new Set(change.shares.flatMap(({ domains = [] }) => domains));
  let next = change.after;
  let more = false;
  for (const share of change.shares) {
    if (share.max === 0) continue;
    const round = share.domains === undefined ? roundOf(lanes, share, { ...change, now }, named) : undefined;
    const left = takeRound(lanes, round?.due ?? share.domains ?? [], share.max);
    if (round !== undefined) ({ next } = round);
    more ||= left === 0 || round?.isCut === true;
  }
  return { ...(next === undefined ? {} : { next }), more };
}

/** Lanes with something due that no share names: those after `after`, then from the first again. */
function roundOf(
  lanes: Lanes,
  { max }: ClaimShare,
  { after, now }: ClaimChange & { readonly now: number },
  named: ReadonlySet<string>,
): { readonly due: readonly string[]; readonly next: string | undefined; readonly isCut: boolean } {
  const due: string[] = [];
  let at = after;
  let hasTurned = after === undefined;
  for (let looked = 0; looked < LOOKED_AT_MAX && due.length < max; looked += 1) {
    const lane = lanes.firstAfter(at);
    const isEnd = lane === undefined || (hasTurned && after !== undefined && lane.domain > after);
    if (isEnd && hasTurned) return { due, next: due.at(-1), isCut: false };
    hasTurned ||= isEnd;
    at = isEnd ? undefined : lane.domain;
    if (!isEnd && lane.dueAt <= now && !named.has(lane.domain)) due.push(lane.domain);
  }
  return { due, next: at, isCut: true };
}

/** Gives what is left of the share. */
function takeRound(lanes: Lanes, domains: readonly string[], max: number): number {
  const each = Math.max(1, Math.ceil(max / Math.max(1, domains.length)));
  const mayHaveMore: string[] = [];
  let left = max;
  for (const domain of domains) {
    const most = Math.min(each, left);
    const taken = most === 0 ? 0 : lanes.take(domain, most);
    left -= taken;
    if (taken === each) mayHaveMore.push(domain);
  }
  for (const domain of mayHaveMore) if (left > 0) left -= lanes.take(domain, left);
  return left;
}

/** For a repeated claim: the round stays where it was. */
export function sameNext({ after }: ClaimChange): { readonly next?: string } {
  return after === undefined ? {} : { next: after };
}
