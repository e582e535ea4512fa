// Retention: events older than the configured time are forgotten, in slices, so that mail is never held up by it.

import type { Clock } from '../platform/platform.ts';
import type { Store } from '../store/port.ts';

const SLICE = 500;
const EVERY_MS = 3_600_000;
const PAUSE_MS = 100;

/** Purges at once, then every hour; returns a function that ends it. */
export function keepRetention(o: {
  readonly store: Store;
  readonly clock: Clock;
  retentionMs(): number;
  failed(error: unknown): void;
}): () => void {
  let cancel = (): void => undefined;
  let ended = false;

  async function slice(): Promise<void> {
    const now = o.clock.now();
    let more = false;
    try {
      const [outcome] = await o.store.commit([
        { type: 'purge', eventsBefore: now - o.retentionMs(), now, max: SLICE },
      ]);
      if (outcome.type === 'failed') o.failed(outcome.cause);
      else more = outcome.more;
    } catch (error) {
      o.failed(error);
    }
    if (!ended) cancel = o.clock.after(more ? PAUSE_MS : EVERY_MS, () => void slice());
  }

  cancel = o.clock.after(PAUSE_MS, () => void slice());
  return () => {
    ended = true;
    cancel();
  };
}
