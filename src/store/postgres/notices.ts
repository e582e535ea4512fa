// Not built yet.
import type { OutcomeOf } from '../port.ts';
import type { Work } from './change.ts';
export async function dueNotices(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'dueNotices' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'dueNotices' }>> {
  throw new Error('dueNotices is not built yet');
}
export async function report(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'report' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'report' }>> {
  throw new Error('report is not built yet');
}
