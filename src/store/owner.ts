// Who holds a lease: NODE/INCARNATION/THREAD.RUN, in names that begin alike for all that one of them holds. An incarnation is one life of a node, and the term
// of all its leases: when it has ended they are void, and the next one of that node gives them back. Another node's are never its business.

import type { Entropy } from '../platform/platform.ts';

/** One thread of one life of one node. */
export type Owner = string;

export interface Incarnation {
  readonly node: string;
  /** Of each life of its own. */
  readonly incarnation: string;
}

const INCARNATION_OCTETS = 6;

export function newIncarnation(entropy: Entropy): string {
  return Buffer.from(entropy.bytes(INCARNATION_OCTETS)).toString('hex');
}

/** Of an engine that serves a single one. */
export const ONLY_NODE = 'local';

/** What all owners of a node begin with, of whatever life. */
export const ownersOfNode = (node: string): Owner => `${node}/`;

/** The node of an owner, where several share the store; none of an engine that serves a single one. */
export function nodeOfOwner(owner: Owner): { readonly node?: string } {
  const [node = ONLY_NODE] = owner.split('/');
  return node === ONLY_NODE ? {} : { node };
}

/** As an entry of the queue tells it. */
export function leasedBy(owner: Owner | undefined): { readonly active: boolean; readonly node?: string } {
  return owner === undefined ? { active: false } : { active: true, ...nodeOfOwner(owner) };
}

/** What all owners of one life of a node begin with. */
export const ownersOfLife = ({ node, incarnation }: Incarnation): Owner =>
  `${ownersOfNode(node)}${incarnation}/`;

/** What the owners of one thread begin with: each of its births has one of its own. */
export const ownersOfThread = (life: Incarnation, thread: number): Owner => `${ownersOfLife(life)}${thread}.`;

/** The same thread in another life of its node. */
export const ownerIn = (life: Incarnation, owner: Owner): Owner =>
  `${ownersOfLife(life)}${owner.slice(owner.lastIndexOf('/') + 1)}`;

export const ownerOf = (life: Incarnation, thread: number, run: number): Owner =>
  `${ownersOfThread(life, thread)}${run}`;
