// How often one token may ask: a bucket that fills by itself. It keeps a program that went wild from taking the store's time from mail.

import { createLru } from '../../identity/lru.ts';
import { Problem } from './problem.ts';

/** Requests that may come at once. */
export const BURST = 60;
/** And a second, for as long as one likes. */
export const PER_SECOND = 10;

const TOKENS_MAX = 10_000;

/** Throws `Problem`. `now`: ms of a clock that never steps back. */
export type Rate = (key: string, now: number) => void;

export function createRate(): Rate {
  const buckets = createLru<string, { readonly left: number; readonly at: number }>(TOKENS_MAX);
  return (key, now) => {
    const { left, at } = buckets.get(key) ?? { left: BURST, at: now };
    const filled = Math.min(BURST, left + ((now - at) * PER_SECOND) / 1000);
    if (filled < 1) {
      buckets.set(key, { left: filled, at: now });
      throw new Problem('tooMany', `a token may ask ${PER_SECOND} times a second: wait a moment`, {
        headers: { 'retry-after': '1' },
      });
    }
    buckets.set(key, { left: filled - 1, at: now });
  };
}
