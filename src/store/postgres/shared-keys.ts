// Not built yet.
import type { OutcomeOf } from '../port.ts';
import type { Work } from './change.ts';
export async function sharedKey(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'sharedKey' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'sharedKey' }>> {
  throw new Error('sharedKey is not built yet');
}
