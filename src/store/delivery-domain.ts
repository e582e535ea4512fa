// The domain by which a delivery is routed: lower-case A-labels, or the literal, or '' for a bare postmaster.

import { canonicalDomain } from '../protocol/wire/mailbox.ts';

export function deliveryDomain(forwardPath: string): string {
  const at = forwardPath.lastIndexOf('@');
  if (at < 0) return '';
  const domain = forwardPath.slice(at + 1);
  return canonicalDomain(domain) ?? domain.toLowerCase();
}
