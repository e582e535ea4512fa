// Not built yet.
import type { OutcomeOf } from '../port.ts';
import type { Work } from './change.ts';
export async function claim(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'claim' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'claim' }>> {
  throw new Error('claim is not built yet');
}
export async function free(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'free' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'free' }>> {
  throw new Error('free is not built yet');
}
export async function settle(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'settle' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'settle' }>> {
  throw new Error('settle is not built yet');
}
