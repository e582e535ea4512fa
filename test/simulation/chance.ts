// The only source of chance in a simulation: everything that is drawn comes from one seed, by name, so that leaving out one client or one
// fault does not change what the others draw.

import type { Entropy } from '../../src/platform/platform.ts';

export interface Chance extends Entropy {
  /** 0 ≤ x < 1. */
  next(): number;
  /** Whole, 0 ≤ x < `limit`. */
  below(limit: number): number;
  /** `least` ≤ x < `most`, any fraction. */
  between(least: number, most: number): number;
  /** True with this probability. */
  happens(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** A key, as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K;
  /** A source of its own. */
  named(name: string): Chance;
}

export function chanceOf(seed: string): Chance {
  const draw = smallFastCounter(fold(seed));
  const next = (): number => draw() / 2 ** 32;
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    between: (least, most) => least + next() * (most - least),
    happens: (probability) => next() < probability,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[below(from.length)] as T;
    },
    weighted<K extends string>(weights: Readonly<Partial<Record<K, number>>>): K {
      const entries = Object.entries<number | undefined>(weights).map(([key, w]) => [key, w ?? 0] as const);
      let at = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      const chosen = entries.find(([, weight]) => (at -= weight) < 0) ?? entries[0];
      if (chosen === undefined) throw new Error('nothing to pick from');
      return chosen[0] as K;
    },
    named: (name) => chanceOf(`${seed}/${name}`),
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; at += 1) bytes[at] = draw() >>> 24;
      return bytes;
    },
  };
}

/** Four words from a text (cyrb128). */
function fold(text: string): readonly [number, number, number, number] {
  let [a, b, c, d] = [1779033703, 3144134277, 1013904242, 2773480762];
  for (let at = 0; at < text.length; at += 1) {
    const k = text.charCodeAt(at);
    a = b ^ Math.imul(a ^ k, 597399067);
    b = c ^ Math.imul(b ^ k, 2869860233);
    c = d ^ Math.imul(c ^ k, 951274213);
    d = a ^ Math.imul(d ^ k, 2716044179);
  }
  return [a ^ b ^ c ^ d, b ^ a, c ^ a, d ^ a];
}

/** sfc32: 32 bits a draw. */
function smallFastCounter([w, x, y, z]: readonly [number, number, number, number]): () => number {
  let [a, b, c, d] = [w | 0, x | 0, y | 0, z | 0];
  const draw = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let n = 0; n < 15; n += 1) draw();
  return draw;
}
