// The end of a front: sessions and the relay finish what is under way, and what is left goes back to the queue.

import type { Clock } from '../platform/platform.ts';
import type { Relay } from '../relay/relay.ts';
import { StoreUnavailable } from '../store/port.ts';
import type { SubmissionContext } from '../submission/context.ts';
import type { Journal } from '../submission/journal.ts';
import type { Connections } from './connections.ts';

const LOOK_AGAIN_MS = 50;

/** The parts of a front that a drain waits for. */
export interface Draining {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'flush'>;
  readonly submission: Pick<SubmissionContext, 'memory' | 'withdrawing' | 'store' | 'holder'>;
  readonly connections: Pick<Connections, 'drain' | 'size'>;
  readonly relay: Pick<Relay, 'drain'>;
}

/**
 * Sessions end at their next quiet moment, the relay finishes what is under way; what it still holds goes back to the queue. By the clock that never
 * steps back: after `graceMs` nobody waits any more, whatever time it is. Rejects with `StoreUnavailable` when nothing could be given back.
 */
export async function drainFront(
  { clock, journal, submission, connections, relay }: Draining,
  graceMs: number,
): Promise<void> {
  const { memory, withdrawing, store, holder } = submission;
  const endsAt = clock.monotonic() + graceMs;
  // A message that is still being accepted may have to be taken back, though its session is over.
  const isBusy = (): boolean => connections.size + memory.used + withdrawing.size > 0;
  connections.drain();
  const emptied = (async () => {
    while (isBusy() && clock.monotonic() < endsAt)
      await new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve));
  })();
  await Promise.all([emptied, relay.drain(graceMs)]);
  journal.flush();
  const [outcome] = await store.commit([{ type: 'free', ownerPrefix: holder.owner, dueAt: clock.now() }]);
  if (outcome.type === 'failed') throw new StoreUnavailable(outcome.cause);
}
