// The SASL mechanisms that an EHLO answer lists, in the standard's form and in the old one with `AUTH=`.

import type { Capabilities } from '../protocol/delivery/commands.ts';

/** In upper case. */
export function mechanismsOf(capabilities: Capabilities): readonly string[] {
  const standard = capabilities.get('AUTH') ?? '';
  const old = [...capabilities.keys()].filter((keyword) => keyword.startsWith('AUTH='));
  const words = `${standard} ${old.map((keyword) => `${keyword.slice(5)} ${capabilities.get(keyword) ?? ''}`).join(' ')}`;
  return [...new Set(words.toUpperCase().split(' '))].filter((word) => word !== '');
}

export function hasAuth(capabilities: Capabilities): boolean {
  return mechanismsOf(capabilities).length > 0 || capabilities.has('AUTH');
}
