// What is left of the beginnings of chains when retention drops whole days of them: a checkpoint of each chain, and events of mail that was still queued. The event
// `purged` tells both, so that the chain itself says where it may begin.

import { hash } from 'node:crypto';
import type { EventPosition } from './events.ts';
import { type ChainEnd, linkOf, type LinkInput } from './link.ts';

export interface Beginnings {
  /** Of each chain the last event that was dropped or kept aside. */
  readonly checkpoints: readonly ChainEnd[];
  /** Events up to the checkpoints that are still there, and their digest. */
  readonly kept: number;
  readonly keptDigest: string;
}

/** As it stands in `detail` of the event. */
export interface BeginningsDetail {
  readonly checkpoints: readonly string[];
  readonly kept: number;
  readonly keptDigest: string;
}

export function detailOfBeginnings({ checkpoints, kept, keptDigest }: Beginnings): BeginningsDetail {
  return { checkpoints: checkpoints.map(checkpointText), kept, keptDigest };
}

/** `1 5000 5f0c…`: chain, number and link. */
export function checkpointText({ chain, sequence, link }: ChainEnd): string {
  return `${chain} ${sequence} ${Buffer.from(link).toString('hex')}`;
}

export type KeptEvent = Omit<LinkInput, 'previous'> & { readonly link: Uint8Array };

/** Of events whose neighbours are gone: over all that is kept of each, its link too, in the order of chains and numbers. */
export class KeptDigest {
  readonly #entries: (EventPosition & { readonly octets: Uint8Array })[] = [];

  add(event: KeptEvent): void {
    const { chain, sequence, link } = event;
    this.#entries.push({ chain, sequence, octets: linkOf({ ...event, previous: link }) });
  }

  get count(): number {
    return this.#entries.length;
  }

  /** Hex. */
  digest(): string {
    const inOrder = this.#entries.toSorted(
      (one, other) => one.chain - other.chain || one.sequence - other.sequence,
    );
    return hash('sha256', Buffer.concat(inOrder.map(({ octets }) => octets)));
  }
}
