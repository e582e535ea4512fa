// The common way: a group of changes as one flush, which is one round trip and one transaction. What each comes to is worked out before, from what the writer has in
// memory; the statements carry what they expect, and anything else fails all of them. Then nothing was done, and the changes go one by one (`writer.ts`).
// Only what needs no look at the tables goes this way: mail accepted into the hands of a front, its first attempt that ends for good, and events alone.

import { unreachable } from '../../base/assert.ts';
import { nearOf } from '../../policy/limits.ts';
import type { IdentityId } from '../../record/identity.ts';
import { countMessage, type QueueDepth, queueFullBecause } from '../depth.ts';
import { keptId } from '../kept-id.ts';
import type { AcceptChange, Change, Outcome, RecordChange, SettleChange } from '../port.ts';
import { text } from '../row.ts';
import type { NodeState } from './change.ts';
import type { Channel } from './channel.ts';
import type { Answer, Statement } from './connection.ts';
import type { Charging } from './counters.ts';
import { insertOf, isWholeEnd, NOBODY, uuidOfId } from './inflight.ts';
import { guard } from './replication.ts';
import { sqlOver } from './sql.ts';
import type { Trail } from './trail.ts';

/** Larger groups keep others' locks and their own askers for too long. */
const CHANGES_MAX = 256;
const OCTETS_MAX = 4 * 1024 * 1024;
/** Of one message: bulk mail would make the rows slow to read. */
const RECIPIENTS_MAX = 16;

export type Flowing = AcceptChange | SettleChange | RecordChange;

/** What goes with others in one flush. */
function mayFlow(change: Change, { inHand }: NodeState): change is Flowing {
  if (change.type === 'accept') return isIntoHand(change);
  if (change.type === 'settle')
    return change.again !== true && isWholeEnd(change) && inHand.has(change.messageId);
  return change.type === 'record';
}

function isIntoHand({ message, recipients, content, owner, untried, again }: AcceptChange): boolean {
  return (
    owner !== undefined &&
    untried !== true &&
    again !== true &&
    content.kind === 'inline' &&
    keptId(message.id) === message.id &&
    recipients.length > 0 &&
    recipients.length <= RECIPIENTS_MAX
  );
}

/** As many as go in one flush, from the first on; none: the first one goes alone. */
export function oneFlush(changes: readonly Change[], node: NodeState): readonly Flowing[] {
  const group: Flowing[] = [];
  let octets = 0;
  for (const change of changes) {
    if (!mayFlow(change, node) || group.length === CHANGES_MAX) break;
    if (change.type === 'accept' && change.content.kind === 'inline') octets += change.content.bytes.length;
    if (group.length > 0 && octets > OCTETS_MAX) break;
    group.push(change);
  }
  return group;
}

/** Rejects with `ConnectionLost` if nobody knows what became of it; after any other error nothing was done. */
export async function flow(
  channel: Channel,
  changes: readonly Flowing[],
  node: NodeState,
): Promise<readonly Outcome[]> {
  const { connection, trail } = channel;
  const asked = changes.flatMap((change) =>
    change.type === 'accept' && change.charge !== undefined ? [change.charge] : [],
  );
  await node.counters.look({ sql: sqlOver(connection), now: channel.now() }, asked);
  const plan = new Plan(node, trail);
  try {
    const outcomes = changes.map((change) => plan.add(change));
    const answers = await connection.flush([...plan.statements(), ...(channel.isReplicated ? [guard] : [])]);
    trail.written();
    plan.committed();
    const held = plan.heldIn(answers);
    return outcomes.map((outcome, at) => heldIf(outcome, changes[at], held));
  } catch (error) {
    trail.undone();
    throw error;
  }
}

function heldIf(outcome: Outcome, change: Flowing | undefined, held: ReadonlySet<IdentityId>): Outcome {
  const isHeld =
    outcome.type === 'accepted' && change?.type === 'accept' && held.has(change.message.identityId ?? '');
  return isHeld ? { ...outcome, held: true } : outcome;
}

/** In the order of ids, as whoever files many locks them (`inflight.ts`); by their keys, as `OF_TAKEN` says. */
const ENDED = `WITH s AS (SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[]) AS s (id, recipients, owner)),
    d AS (DELETE FROM inflight i USING s WHERE i.id = ANY(ARRAY[s.id]) AND i.owner = s.owner AND i.attempt = 1 AND cardinality(i.forward_paths) = s.recipients RETURNING 1)
  SELECT 1 / (CASE WHEN (SELECT count(*) FROM d) = $4 THEN 1 ELSE 0 END) AS whole`;
/** Their key in `inflight` says nothing of messages that were filed. */
const NONE_FILED =
  'SELECT 1 / (CASE WHEN EXISTS (SELECT 1 FROM message WHERE id = ANY ($1::uuid[])) THEN 0 ELSE 1 END) AS none';
const MAY_NOT_SEND = "SELECT id FROM identity WHERE id = ANY ($1::text[]) AND state <> 'active'";

/** What one flush is to do, and what is known when it was done. */
class Plan {
  readonly #node: NodeState;
  readonly #trail: Trail;
  readonly #charging: Charging;
  readonly #queue: QueueDepth;
  readonly #accepted: AcceptChange[] = [];
  readonly #ended: SettleChange[] = [];
  #heldAt = -1;

  constructor(node: NodeState, trail: Trail) {
    this.#node = node;
    this.#trail = trail;
    this.#charging = node.counters.begin();
    this.#queue = { ...node.queue };
  }

  add(change: Flowing): Outcome {
    switch (change.type) {
      case 'accept':
        return this.#accept(change);
      case 'settle':
        for (const { event } of change.recipients) this.#trail.append(event);
        this.#ended.push(change);
        return { type: 'settled', messageDone: true };
      case 'record':
        for (const event of change.events) this.#trail.append(event);
        return { type: 'recorded' };
      default:
        return unreachable(change);
    }
  }

  #accept(change: AcceptChange): Outcome {
    const full = this.#node.fullBecause();
    if (full !== undefined) return { type: 'full', cause: full };
    const deep = queueFullBecause(change, this.#queue, this.#node.queueLimits);
    if (deep !== undefined) return { type: 'queueFull', cause: deep };
    const charged = change.charge && this.#charging.charge(change.charge);
    if (change.charge !== undefined && charged === undefined)
      throw new Error(`the counter of ${change.charge.identityId} was forgotten at once`);
    if (charged?.type === 'limited') return charged;
    countMessage(this.#queue, change.message, 1);
    this.#trail.append(change.event);
    this.#accepted.push(change);
    return { type: 'accepted', ...nearOf(charged) };
  }

  statements(): readonly Statement[] {
    const statements = this.#accepted.map((change) => insertOf(change, change.owner ?? NOBODY));
    if (this.#accepted.length > 0)
      statements.push({
        sql: NONE_FILED,
        values: [this.#accepted.map(({ message: { id } }) => uuidOfId(id))],
      });
    if (this.#ended.length > 0) statements.push(endedOf(this.#ended));
    for (const statement of [this.#charging.statement(), this.#trail.statement()])
      if (statement !== undefined) statements.push(statement);
    const senders = new Set(this.#accepted.flatMap(({ message: { identityId } }) => identityId ?? []));
    if (senders.size > 0) this.#heldAt = statements.push({ sql: MAY_NOT_SEND, values: [[...senders]] }) - 1;
    return statements;
  }

  committed(): void {
    const { queue, inHand } = this.#node;
    this.#charging.committed();
    for (const { message, owner } of this.#accepted) {
      countMessage(queue, message, 1);
      inHand.take(message.id, message.role, owner ?? NOBODY);
    }
    for (const { messageId } of this.#ended) {
      const role = inHand.roleOf(messageId);
      if (role !== undefined) countMessage(queue, { role }, -1);
    }
    inHand.letGo(this.#ended.map(({ messageId }) => messageId));
  }

  /** Identities that may not send, as the flush saw it. */
  heldIn(answers: readonly Answer[]): ReadonlySet<IdentityId> {
    return new Set(answers[this.#heldAt]?.rows.map((row) => text(row, 'id')));
  }
}

function endedOf(ended: readonly SettleChange[]): Statement {
  const rows = ended
    .map(({ messageId, recipients, owner }) => ({ id: uuidOfId(messageId), count: recipients.length, owner }))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return {
    sql: ENDED,
    values: [
      rows.map(({ id }) => id),
      rows.map(({ count }) => count),
      rows.map(({ owner }) => owner),
      rows.length,
    ],
  };
}
