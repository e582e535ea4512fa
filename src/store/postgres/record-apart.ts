// An event of who works on the store itself, beside all writers: in the transaction of what it tells of, in a chain of its own.

import type { Entropy } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import type { Sql } from './sql.ts';
import { beginTrail } from './trail.ts';

const RUN_OCTETS = 4;

/** Who does something to the store itself. */
export interface StoreActor {
  /** As the trail names them. */
  readonly by: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly entropy: Entropy;
}

/** Within a transaction. `action`: names the chain too. */
export async function recordApart(
  sql: Sql,
  { by, now, entropy }: StoreActor,
  action: string,
  detail: Extract<EventDraft, { readonly type: 'storeChanged' }>['payload']['detail'],
): Promise<void> {
  const run = Buffer.from(entropy.bytes(RUN_OCTETS)).toString('hex');
  const trail = await beginTrail(sql, `${action}/${run}`, now, entropy);
  trail.append({ type: 'storeChanged', time: now, payload: { by, action, detail } });
  const written = trail.statement();
  if (written !== undefined) await sql.run(written.sql, ...written.values);
}
