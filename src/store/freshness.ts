// What a node believes of identities, where several write one store. Each pulse tells what others changed a moment ago; after a while without one nobody is believed: so a
// revocation holds in time though no message of it came. Notices beside it only make it faster. Pure.

import type { IdentityId } from '../record/identity.ts';
import type { StoreNotice } from './port.ts';

/** What was told is believed for so long from when the pulse was sent, ms. */
export const FRESH_MS = 4_000;
/** For so long a pulse tells of a change, ms from when it came into view: it is told several times, so that one that is lost is no harm. */
export const FEED_MS = 30_000;
/** In that time the clock of the store, which tells of a gap, may go so far from that of the node, ms. */
const APART_MS = 10_000;
/** Changes that a pulse tells at most. */
export const FEED_MAX = 1_000;

export type IdentityChanged = Extract<StoreNotice, { type: 'identityChanged' }>;

/** `many`: more than `FEED_MAX`. */
export type Changed = readonly IdentityChanged[] | 'many';

/** What a node has been told. */
export interface Feed {
  /** When the last pulse was answered, ms by the clock of the store; absent: none was. */
  readonly at?: number;
  /** Newest revisions told, of identities that the last pulse named. */
  readonly told: ReadonlyMap<IdentityId, number>;
}

export const nothingTold: Feed = { told: new Map() };

/** Takes the answer of a pulse, and gives what is to be told now. After a gap that the feed does not reach over nothing is sure any more. */
export function heardFrom(
  feed: Feed,
  { at, changed }: { readonly at: number; readonly changed: Changed },
): { readonly feed: Feed; readonly notices: readonly StoreNotice[] } {
  const next = { at, told: revisionsOf(changed) };
  const isGap = feed.at === undefined || Math.abs(at - feed.at) > FEED_MS - APART_MS;
  if (changed === 'many') return { feed: next, notices: [unsure] };
  // What was asked before the gap may be answered after it: of that these tell.
  if (isGap) return { feed: next, notices: [unsure, ...changed] };
  const isNew = ({ identityId, revision }: IdentityChanged): boolean =>
    revision > (feed.told.get(identityId) ?? -Infinity);
  return { feed: next, notices: changed.filter(isNew) };
}

const unsure: StoreNotice = { type: 'unsure' };

function revisionsOf(changed: Changed): ReadonlyMap<IdentityId, number> {
  const told = new Map<IdentityId, number>();
  if (changed === 'many') return told;
  for (const { identityId, revision } of changed)
    told.set(identityId, Math.max(revision, told.get(identityId) ?? -Infinity));
  return told;
}
