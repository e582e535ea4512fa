// How an operator names a part of the queue on the command line: by id, or by options that must all match.

import type { QueuePart } from '../administration/queue-selector.ts';
import type { OptionRow } from './option-rows.ts';

export interface PartOptions extends Omit<QueuePart, 'id'> {
  readonly json?: boolean;
}

export const partOptions: readonly OptionRow[] = [
  ['--identity <login>', 'mail of this account'],
  ['--credential <id>', 'what came with this app password; with --identity a label or `password` too'],
  ['--from <address>', 'this reverse-path'],
  ['--to <address>', 'this recipient'],
  ['--domain <domain>', 'recipients of this domain'],
  ['--held', 'only what is held'],
];

export function partOf(id: string | undefined, options: PartOptions): QueuePart {
  const { identity, credential, from, to, domain, held } = options;
  const named = { id, identity, credential, from, to, domain, held };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}
