// What writes to PostgreSQL: changes that fit together in one flush (`group.ts`), any other as a transaction of its own, over the connection that it belongs to. What
// is asked all the time, and what may take long, go over two, so that a slow command never holds up a 250.

import { consoleSession } from './console-sessions.ts';
import { unreachable } from '../../base/assert.ts';
import { sqlStateOf } from '../../base/failure-words.ts';
import type { Change, Outcome } from '../port.ts';
import { accept } from './accept.ts';
import type { NodeState, Work } from './change.ts';
import type { Channel } from './channel.ts';
import { ConnectionLost } from './connection.ts';
import { flow, type Flowing, oneFlush } from './group.ts';
import { guesses } from './guesses.ts';
import { credentialUsed, writeIdentity } from './identities.ts';
import { noteFacts } from './node-rows.ts';
import { dueNotices, report } from './notices.ts';
import { claim } from './claim.ts';
import { free } from './free.ts';
import { changeQueue } from './queue-commands.ts';
import { erase, purge } from './retention.ts';
import { NotReplicated } from './replication.ts';
import { settle } from './settle.ts';
import { sharedKey } from './shared-keys.ts';
import { isFull, isInTheWay, isNotPermitted } from './sql-states.ts';
import { undo } from './undo.ts';
import { withdraw } from './withdraw.ts';

/**
 * In their order: neighbours that may go together do, all else goes one after the other, so that none can fail its neighbours. Rejects with `ConnectionLost` if
 * nothing is known about one of them.
 */
export async function applyOver(
  channel: Channel,
  node: NodeState,
  changes: readonly Change[],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (let left = changes; left.length > 0; left = changes.slice(outcomes.length)) {
    const group = oneFlush(left, node);
    const done = group.length === 0 ? undefined : await together(channel, node, group);
    if (done !== undefined) outcomes.push(...done);
    else
      for (const change of left.slice(0, Math.max(1, group.length)))
        outcomes.push(await alone(channel, node, change));
  }
  return outcomes;
}

/** Undefined: one of them does not fit, and nothing was done. */
async function together(
  channel: Channel,
  node: NodeState,
  group: readonly Flowing[],
): Promise<readonly Outcome[] | undefined> {
  try {
    return await flow(channel, group, node);
  } catch (error) {
    if (error instanceof ConnectionLost) throw error;
    const why = sqlStateOf(error) ?? 'none';
    node.figures.redone[why] = (node.figures.redone[why] ?? 0) + 1;
    return undefined;
  }
}

/** An accept waits for nothing but the same one whose answer was lost: until that has ended nobody knows whether it was accepted. */
async function alone(channel: Channel, node: NodeState, change: Change): Promise<Outcome> {
  try {
    const outcome = await channel.transact((work) => applyOne(work, change));
    if (change.type === 'settle') node.inHand.letGo([change.messageId]);
    return outcome;
  } catch (error) {
    if (error instanceof ConnectionLost) throw error;
    if (change.type === 'accept' && isInTheWay(error))
      throw new ConnectionLost(`message ${change.message.id} is still in doubt`, { cause: error });
    // It is left to who may forget (`postern store keep`).
    if (change.type === 'purge' && isNotPermitted(error)) return { type: 'purged', count: 0, more: false };
    const cause = error instanceof Error ? error.message : String(error);
    if (change.type === 'accept' && error instanceof NotReplicated) return { type: 'unfit', cause };
    return change.type === 'accept' && isFull(error) ? { type: 'full', cause } : { type: 'failed', cause };
  }
}

async function applyOne(work: Work, change: Change): Promise<Outcome> {
  switch (change.type) {
    case 'accept':
      return accept(work, change);
    case 'withdraw':
      return withdraw(work, change);
    case 'settle':
      return settle(work, change);
    case 'claim':
      return claim(work, change);
    case 'free':
      return free(work, change);
    case 'dueNotices':
      return dueNotices(work, change);
    case 'report':
      return report(work, change);
    case 'record':
      for (const event of change.events) work.append(event);
      return { type: 'recorded' };
    case 'identity':
      return writeIdentity(work, change);
    case 'credentialUsed':
      return credentialUsed(work, change);
    case 'queue':
      return changeQueue(work, change);
    case 'undo':
      return undo(work, change);
    case 'sharedKey':
      return sharedKey(work, change);
    case 'guesses':
      return guesses(work, change);
    case 'nodeFacts':
      return noteFacts(work, change);
    case 'consoleSession':
      return consoleSession(work, change);
    case 'purge':
      return purge(work, change);
    case 'erase':
      return erase(work, change);
    default:
      return unreachable(change);
  }
}
