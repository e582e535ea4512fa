// Secrets of this thread that are given out for minutes: a link that lets somebody in, a half of a sign-in. Kept as hashes, in memory, so many at most; a restart ends them.

import { createHash } from 'node:crypto';
import { dropOldestOfMost } from '../base/oldest-of-most.ts';
import type { Clock, Entropy } from '../platform/platform.ts';

const SECRET_OCTETS = 32;

export interface KeptSecrets<T> {
  /** The secret: it stands nowhere else. Where there are too many, the oldest gives way of whoever has most of them. */
  keep(value: T): string;
  /** It stays as it is. Undefined: there is none such, or no more. */
  look(secret: string): T | undefined;
  /** Looks, and uses it up. */
  take(secret: string): T | undefined;
}

export function keepSecrets<T>(o: {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly entropy: Entropy;
  readonly ms: number;
  readonly max: number;
  /** Whoever asks for ever more pushes nobody else's out. */
  whose(value: T): string;
}): KeptSecrets<T> {
  const { clock, entropy, ms, max, whose } = o;
  const kept = new Map<string, { readonly value: T; readonly until: number }>();

  function look(secret: string): T | undefined {
    const found = kept.get(hashOf(secret));
    return found !== undefined && clock.monotonic() < found.until ? found.value : undefined;
  }

  return {
    keep(value) {
      const now = clock.monotonic();
      for (const [key, { until }] of kept) if (now >= until) kept.delete(key);
      if (kept.size >= max) dropOldestOfMost(kept, ({ value: one }) => whose(one));
      const secret = newSecret(entropy);
      kept.set(hashOf(secret), { value, until: now + ms });
      return secret;
    },
    look,
    take(secret) {
      const value = look(secret);
      kept.delete(hashOf(secret));
      return value;
    },
  };
}

/** 256 bits, as text. */
export function newSecret(entropy: Entropy): string {
  return Buffer.from(entropy.bytes(SECRET_OCTETS)).toString('base64url');
}

/** What is looked up is a hash: nobody learns a secret by how long that takes. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
