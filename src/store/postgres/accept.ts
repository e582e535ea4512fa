// Not built yet.
import type { OutcomeOf } from '../port.ts';
import type { Work } from './change.ts';
export async function accept(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'accept' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'accept' }>> {
  throw new Error('accept is not built yet');
}
