// Not built yet.
import type { OutcomeOf } from '../port.ts';
import type { Work } from './change.ts';
export async function withdraw(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'withdraw' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'withdraw' }>> {
  throw new Error('withdraw is not built yet');
}
