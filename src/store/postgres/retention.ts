// Not built yet.
import type { OutcomeOf } from '../port.ts';
import type { Work } from './change.ts';
export async function erase(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'erase' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'erase' }>> {
  throw new Error('erase is not built yet');
}
export async function purge(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'purge' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'purge' }>> {
  throw new Error('purge is not built yet');
}
