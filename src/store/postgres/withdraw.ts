// Withdraw: an accept that its asker gives up is taken back. It takes the key of the id as accept does, and waits there for one in doubt; the key stays for a
// while, so that an accept which is still on its way finds it and fails.

import type { MessageId } from '../../base/message-id.ts';
import { keptId } from '../kept-id.ts';
import type { OutcomeOf } from '../port.ts';
import { number } from '../row.ts';
import { WITHDRAWN_MS, type WithdrawChange } from '../withdrawals.ts';
import type { Work } from './change.ts';
import { DROP_COLUMNS, dropped } from './drop.ts';
import { lockMessage } from './finish.ts';
import { file, NOBODY, uuidOfId } from './inflight.ts';

export async function withdraw(work: Work, change: WithdrawChange): Promise<OutcomeOf<WithdrawChange>> {
  const id = keptId(change.messageId);
  if (id === undefined) return { type: 'withdrawn', count: 0 };
  if (!(await keepOff(work, id))) {
    await file(work, id);
    await keepOff(work, id);
  }
  if (!(await lockMessage(work, id))) return { type: 'withdrawn', count: 0 };
  const rows = await work.sql.all(TAKE_OUT, uuidOfId(id), change.owner);
  await dropped(
    work,
    rows.toSorted((one, other) => number(one, 'number') - number(other, 'number')),
    change,
  );
  return { type: 'withdrawn', count: rows.length };
}

const KEEP_OFF = `INSERT INTO inflight (id, owner, withdrawn_until) VALUES ($1, $2, $3)
  ON CONFLICT (id) DO UPDATE SET withdrawn_until = excluded.withdrawn_until WHERE inflight.withdrawn_until IS NOT NULL`;

/** False: it is in hand; its row is locked until the end of this transaction. */
async function keepOff({ sql, now }: Work, id: MessageId): Promise<boolean> {
  return (await sql.run(KEEP_OFF, uuidOfId(id), NOBODY, now + WITHDRAWN_MS)) > 0;
}

/** What nobody else has under way. */
const TAKE_OUT = `DELETE FROM recipient r WHERE r.message_id = $1 AND (r.message_id, r.number) IN (
    SELECT o.message_id, o.number FROM recipient o WHERE o.message_id = $1 AND (o.owner IS NULL OR o.owner = $2) ORDER BY o.number FOR UPDATE
  ) RETURNING ${DROP_COLUMNS}`;
