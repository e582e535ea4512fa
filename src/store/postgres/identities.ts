// Not built yet.
import type { OutcomeOf } from '../port.ts';
import type { Work } from './change.ts';
export async function writeIdentity(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'identity' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'identity' }>> {
  throw new Error('identity is not built yet');
}
export async function credentialUsed(
  _work: Work,
  _change: import('../port.ts').Change & { type: 'credentialUsed' },
): Promise<OutcomeOf<import('../port.ts').Change & { type: 'credentialUsed' }>> {
  throw new Error('credentialUsed is not built yet');
}
