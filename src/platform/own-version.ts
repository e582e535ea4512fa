// Which Postern this is, as its package says.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The same from the source and from what is installed: both lie two directories below the package. */
export function ownVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}
