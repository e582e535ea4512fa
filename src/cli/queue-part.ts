// How an operator names a part of the queue on the command line: by id, or by options that must all match.

import type { QueuePart } from '../administration/queue-selector.ts';
import { parseDuration } from '../base/duration.ts';
import { CommandFailure } from './failure.ts';
import type { OptionRow } from './option-rows.ts';

export interface PartOptions extends Omit<QueuePart, 'id' | 'olderThan' | 'youngerThan'> {
  readonly olderThan?: string;
  readonly youngerThan?: string;
  readonly json?: boolean;
}

export const partOptions: readonly OptionRow[] = [
  ['--identity <login>', 'mail of this account'],
  ['--credential <id>', 'what came with this app password; with --identity a label or `password` too'],
  ['--from <address>', 'this reverse-path'],
  ['--to <address>', 'this recipient'],
  ['--domain <domain>', 'recipients of this domain'],
  ['--next-hop <name>', 'what goes to this next hop, as `queue list --totals` names it'],
  ['--held', 'only what is held'],
  ['--older-than <duration>', 'what has waited for so long or longer, such as 4h'],
  ['--younger-than <duration>', 'what has waited for less'],
];

export function partOf(id: string | undefined, options: PartOptions): QueuePart {
  const { identity, credential, from, to, domain, nextHop, held } = options;
  const ages = {
    olderThan: ageOf(options.olderThan, '--older-than'),
    youngerThan: ageOf(options.youngerThan, '--younger-than'),
  };
  const named = { id, identity, credential, from, to, domain, nextHop, held, ...ages };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function ageOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined)
    throw new CommandFailure(`${option} is a number with its unit, such as 10m, 4h or 2d, not "${text}"`, 2);
  return ms;
}
