// Accept: message, recipients, counters and event in one transaction. First it takes the key of its id, and waits there for the same message if that is in doubt: so
// whoever comes second finds what the first has left, an acceptance or a withdrawal.

import type { MessageId } from '../../base/message-id.ts';
import { nearOf } from '../../policy/limits.ts';
import { countMessage, queueFullBecause } from '../depth.ts';
import { keptId } from '../kept-id.ts';
import type { AcceptChange, OutcomeOf } from '../port.ts';
import { WITHDRAWN } from '../withdrawals.ts';
import { isWhole } from './bodies.ts';
import type { Work } from './change.ts';
import type { Charging } from './counters.ts';
import { fileAtOnce, insertOf, keyOf, leaveKey, takeKey, uuidOfId } from './inflight.ts';

type Outcome = OutcomeOf<AcceptChange>;

export async function accept(work: Work, change: AcceptChange): Promise<Outcome> {
  const id = keptId(change.message.id);
  if (id === undefined) return { type: 'failed', cause: `not a message id: ${change.message.id}` };
  const charging = work.node.counters.begin();
  const judged = await judge(work, change, charging);
  const refusal = judged.type === 'accepted' ? undefined : judged;
  const isOurs = await takeKey(
    work,
    id,
    refusal === undefined && change.owner !== undefined ? insertOf(change, change.owner) : keyOf(id),
  );
  const found = await look(work, id, change);
  if (!isOurs) return found.isWithdrawn ? { type: 'failed', cause: WITHDRAWN } : accepted(found);
  if (found.isKnown || refusal !== undefined) {
    await leaveKey(work, id);
    return found.isKnown || refusal === undefined ? accepted(found) : refusal;
  }
  if (change.content.kind === 'staged' && !(await isWhole(work.sql, id))) {
    await leaveKey(work, id);
    return { type: 'failed', cause: 'its body is not there, or not all of it' };
  }
  await keep(work, change, charging);
  return { ...judged, ...accepted(found) };
}

/** What becomes of this message, if it is not known yet. */
async function judge(work: Work, change: AcceptChange, charging: Charging): Promise<Outcome> {
  const { node } = work;
  const full = node.fullBecause();
  if (full !== undefined) return { type: 'full', cause: full };
  const deep = queueFullBecause(change, node.queue, node.queueLimits);
  if (deep !== undefined) return { type: 'queueFull', cause: deep };
  const { charge: asked } = change;
  if (asked === undefined) return { type: 'accepted' };
  const charge = () => charging.charge(asked);
  const charged = charge() ?? (await node.counters.look(work, [asked]).then(charge));
  if (charged === undefined) throw new Error(`the counter of ${asked.identityId} can't be read`);
  return charged.type === 'limited' ? charged : { type: 'accepted', ...nearOf(charged) };
}

interface Found {
  readonly isWithdrawn: boolean;
  /** It is in the queue tables, or was there when it was asked before. */
  readonly isKnown: boolean;
  readonly mayNotSend: boolean;
}

const LOOK = `SELECT (SELECT withdrawn_until FROM inflight WHERE id = $1) IS NOT NULL AS withdrawn,
    EXISTS (SELECT 1 FROM message WHERE id = $1) OR $2 AND EXISTS (SELECT 1 FROM event WHERE message_id = $3 AND type = 'accepted') AS known,
    EXISTS (SELECT 1 FROM identity WHERE id = $4 AND state <> 'active') AS may_not_send`;

/** Behind the key: whoever had it before has committed. */
async function look({ sql }: Work, id: MessageId, { message, again }: AcceptChange): Promise<Found> {
  const row = await sql.get(LOOK, uuidOfId(id), again === true, id, message.identityId ?? '');
  return {
    isWithdrawn: row?.['withdrawn'] === true,
    isKnown: row?.['known'] === true,
    mayNotSend: row?.['may_not_send'] === true,
  };
}

/** Also for a repeated accept: the identity may have been suspended meanwhile. */
function accepted({ mayNotSend }: Found): Outcome {
  return mayNotSend ? { type: 'accepted', held: true } : { type: 'accepted' };
}

async function keep(work: Work, change: AcceptChange, charging: Charging): Promise<void> {
  const { sql, node } = work;
  const counted = charging.statement();
  if (counted !== undefined) await sql.run(counted.sql, ...counted.values);
  if (change.owner === undefined) {
    await fileAtOnce(sql, change);
    await leaveKey(work, change.message.id);
    work.afterCommit(() => node.floors.bring(change.dueAt));
    work.notice({ type: 'due' });
  }
  work.append(change.event);
  work.afterCommit(() => {
    charging.committed();
    countMessage(node.queue, change.message, 1);
  });
}
