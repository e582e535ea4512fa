// Not built yet.
import type { OutcomeOf } from '../port.ts';
import type { Work } from './change.ts';
export async function changeQueue(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'queue' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'queue' }>> {
  throw new Error('queue is not built yet');
}
