// All chains of a trail, each followed for itself: from its first link, or from its checkpoint, at least to where the register saw it last. What the
// register does not know is no chain, and one that another goes on in a second way is a fork: its numbers come twice.

import type { Chain, ChainLink, Lookups } from '../store/lookups.ts';
import { type Flaw, following, linkText, startOf, type Verified } from './chain.ts';
import type { VerifiedChain } from './verify.ts';

export interface ChainWalk {
  /** A chain of this page may have begun during the walk: then the register is read again. */
  prepare(page: readonly ChainLink[]): Promise<void>;
  /** It stands at or before the checkpoint of its chain: nothing is said of its neighbours. */
  isKept(event: ChainLink): boolean;
  /** The event as the next one of its chain, or why it can't be. */
  follow(event: ChainLink): Verified | string;
  /** To be called when all were followed. */
  flawOfEnds(): Flaw | undefined;
  chains(): readonly VerifiedChain[];
  /** As the register was read. */
  register(): readonly Chain[];
}

interface Walked {
  readonly entry: Chain;
  last: Verified;
}

export async function walkOf(lookups: Pick<Lookups, 'chains'>): Promise<ChainWalk> {
  const walked = new Map<number, Walked>();

  /** A head is taken from the first look: what came meanwhile may be beyond the end of the walk. */
  async function readRegister(): Promise<void> {
    for (const entry of await lookups.chains())
      if (!walked.has(entry.chain)) walked.set(entry.chain, { entry, last: startOf(entry) });
  }

  await readRegister();
  return {
    async prepare(page) {
      if (page.some(({ chain }) => !walked.has(chain))) await readRegister();
    },
    isKept({ chain, sequence }) {
      const checkpoint = walked.get(chain)?.entry.checkpoint;
      return checkpoint !== undefined && sequence <= checkpoint.sequence;
    },
    follow(event) {
      const chain = walked.get(event.chain);
      if (chain === undefined) return `the register knows no chain ${event.chain}`;
      const next = following(chain.last, event);
      if (typeof next === 'string') return next;
      const { head } = chain.entry;
      if (next.sequence === head.sequence && linkText(next.link) !== linkText(head.link))
        return 'the register has seen another event in its place: the chain was written again';
      chain.last = next;
      return next;
    },
    flawOfEnds() {
      for (const { entry, last } of walked.values())
        if (last.sequence < entry.head.sequence)
          return {
            event: { chain: entry.chain, sequence: last.sequence + 1 },
            because: `it is missing, the chain had come to event ${entry.head.sequence}: its end was cut off`,
          };
      return undefined;
    },
    register: () => [...walked.values()].map(({ entry }) => entry),
    chains: () =>
      [...walked.values()].map(({ entry: { chain, name, checkpoint }, last }) => ({
        ...{ chain, name, sequence: last.sequence, lastLink: linkText(last.link) },
        ...(checkpoint === undefined ? {} : { checkpoint: checkpoint.sequence }),
      })),
  };
}
