// Real chance, from the operating system; small draws are served from a pool because each call into it costs microseconds.

import { randomFillSync } from 'node:crypto';
import type { Entropy } from './platform.ts';

const POOL_OCTETS = 4096;

export function systemEntropy(): Entropy {
  const pool = Buffer.alloc(POOL_OCTETS);
  let at = POOL_OCTETS;
  return {
    bytes(length) {
      if (length > POOL_OCTETS / 8) return randomFillSync(new Uint8Array(length));
      if (at + length > POOL_OCTETS) {
        randomFillSync(pool);
        at = 0;
      }
      const drawn = Uint8Array.prototype.slice.call(pool, at, at + length);
      // What was handed out is not kept: a later leak of the pool must not reveal it.
      pool.fill(0, at, at + length);
      at += length;
      return drawn;
    },
  };
}
