// A store moved to another place, or to another engine: copied, looked at, and only then a store. Whoever copies one has all of it, so the copy begins with a record of
// that. Where the walk over the trail shows a flaw, the source has it too.

import { verifyTrail, placeOfFlaw, type VerifiedChain } from '../audit/verify.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { copyAll } from '../store/copy.ts';
import { differenceOf } from '../store/same-rows.ts';
import { type Copied, type Counts, type KeptRows, originOf, type Transfer } from '../store/transfer.ts';
import { type Actor, byOf, reasonGiven } from './actor.ts';
import { UseCaseFailure } from './failure.ts';

/** What a copy is doing: rows of this kind, or the index, or looking at what was copied. */
export type CopyStep = keyof Counts | 'index' | 'compare' | 'verify';

export interface StoreCopy {
  readonly from: Transfer;
  readonly to: Transfer;
  /** For the record: where it came from, without secrets. */
  readonly place: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  /** Rows of a page; absent: as many as suit. */
  readonly pageMax?: number;
  progress?(step: CopyStep, rows: number, of: number): void;
}

export interface StoreCopied {
  readonly counts: Counts;
  readonly chains: readonly VerifiedChain[];
}

/** What there is to copy. Rejects with what `copyStore` would refuse at once, and writes nothing to the target. */
export async function countKept(from: Transfer, to?: Transfer): Promise<Counts> {
  const source = await from.source();
  try {
    await to?.assertTarget(await originOf(source));
    return await source.counts();
  } finally {
    await source.close();
  }
}

/** Throws `UseCaseFailure` if the copy is not what its source is, or the trail does not hold: then nobody can open it. */
export async function copyStore(copy: StoreCopy, actor: Actor): Promise<StoreCopied> {
  const source = await copy.from.source();
  try {
    const origin = await originOf(source);
    const target = await copy.to.target(origin);
    try {
      return await copyInto(copy, actor, { source, target, origin });
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

interface Ends {
  readonly source: KeptRows;
  readonly target: Copied;
  readonly origin: string;
}

async function copyInto(copy: StoreCopy, actor: Actor, ends: Ends): Promise<StoreCopied> {
  const { place, clock, entropy, pageMax, progress } = copy;
  const { source, target, origin } = ends;
  const counts = await source.counts();
  await copyAll(source, target, {
    counts,
    ...(pageMax === undefined ? {} : { pageMax }),
    progress: (step, rows, of) => progress?.(step, rows, of),
  });
  const chains = await checked(copy, ends, counts);
  if ((await originOf(source)) !== origin)
    throw new UseCaseFailure(
      'the source was written to meanwhile: stop whoever uses it, empty the target and begin again',
      'trouble',
    );
  const { event: events, message: messages, identity: accounts } = counts;
  await target.finish(
    {
      type: 'lookedUp',
      time: clock.now(),
      payload: {
        by: byOf(actor),
        action: 'store copy',
        detail: { from: place, lastLink: origin, events, messages, accounts, ...reasonGiven(actor) },
      },
    },
    entropy,
  );
  return { counts, chains };
}

async function checked(
  { progress }: StoreCopy,
  { source, target }: Ends,
  counts: Counts,
): Promise<readonly VerifiedChain[]> {
  const difference = await differenceOf(source, target, {
    counts,
    progress: (rows, of) => progress?.('compare', rows, of),
  });
  if (difference !== undefined)
    throw new UseCaseFailure(`the copy ${difference}: empty the target and begin again`, 'negative');
  // By the register of the source: it knows how far each chain had come.
  const lookups = { ...target.lookups, chains: () => source.lookups.chains() };
  const { broken, chains } = await verifyTrail(lookups, {
    progress: (events) => progress?.('verify', events, counts.event),
  });
  if (broken !== undefined)
    throw new UseCaseFailure(
      `the trail is broken${placeOfFlaw(broken)}: ${broken.because}; so it is in the source, see \`postern audit verify\` there`,
      'negative',
    );
  return chains;
}
