// Accepts that were taken back, perhaps before they came: one that comes late is refused.

import type { MessageId } from '../base/message-id.ts';
import type { Clock } from '../platform/platform.ts';
import { keptId } from './kept-id.ts';
import type { Owner } from './owner.ts';

/** Takes back an accept whose asker gives it up, whatever became of it: what nobody else has under way is taken out, and an accept that comes late is refused. */
export interface WithdrawChange {
  readonly type: 'withdraw';
  readonly messageId: MessageId;
  /** That the accept named. */
  readonly owner: Owner;
  readonly now: number;
  readonly by: string;
}

export interface Withdrawals {
  add(id: MessageId): void;
  has(id: MessageId): boolean;
}

/** By then whatever carried the accept has long ended, ms. */
export const WITHDRAWN_MS = 600_000;
const KEPT_MAX = 10_000;

export const WITHDRAWN = 'it was taken back before it came';

export function createWithdrawals(clock: Pick<Clock, 'monotonic'>): Withdrawals {
  /** Until when, the oldest first. */
  const kept = new Map<string, number>();
  return {
    add(id) {
      const now = clock.monotonic();
      const key = keptId(id) ?? '';
      kept.delete(key);
      kept.set(key, now + WITHDRAWN_MS);
      for (const [oldest, until] of kept) {
        if (until > now && kept.size <= KEPT_MAX) break;
        kept.delete(oldest);
      }
    },
    has: (id) => kept.size > 0 && (kept.get(keptId(id) ?? '') ?? 0) > clock.monotonic(),
  };
}
