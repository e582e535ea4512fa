// A sender right as it is typed and shown.

import type { SenderRight } from '../record/identity.ts';

export function rightText(right: SenderRight): string {
  return right.kind === 'domain' ? `@${right.domain}` : right.address;
}
