// Which sending limits hold for an identity: its own ones, and the configured ones where it has none.

import type { IdentityLimits } from '../record/identity.ts';
import type { LimitValues } from './limits.ts';

/** An identity's own value wins; `none` lifts the limit. */
export function effectiveLimits(configured: IdentityLimits, own: IdentityLimits): LimitValues {
  const limits: { -readonly [K in keyof LimitValues]: LimitValues[K] } = {};
  for (const name of ['messagesPerHour', 'recipientsPerHour', 'nullSenderPerHour'] as const) {
    const value = own[name] ?? configured[name];
    if (value !== undefined && value !== 'none') limits[name] = value;
  }
  return limits;
}
