// Not built yet.
import type { IdentityId } from '../../record/identity.ts';
import { type Counter, emptyCounter } from '../../policy/limits.ts';
import type { Sql } from './sql.ts';

export interface Counters {
  of(sql: Sql, identityId: IdentityId): Promise<Counter>;
}

export function openCounters(_writer: string): Counters {
  return { of: async () => emptyCounter };
}
