// The way out in memory: claim leases what is due, settle ends an attempt, free gives back.

import type { MessageId } from '../../base/message-id.ts';
import type { EventDraft } from '../../record/events.ts';
import { idTerm } from '../../record/terms.ts';
import type { ClaimChange, Delivery, FreeChange, OutcomeOf, QueuedMessage, SettleChange } from '../port.ts';
import { type Dropping, eventOfDrop } from '../queue-change.ts';
import { keptId } from '../kept-id.ts';
import { tellsOf } from '../told-before.ts';
import type { WithdrawChange } from '../withdrawals.ts';
import { endIfDone } from './end.ts';
import { eventsNaming } from './events.ts';
import { keepNotices } from './notices.ts';
import { type Lanes, sameNext, takeShares } from '../lanes.ts';
import { isHeld, type QueueRow, queueRows } from './selector.ts';
import { findMessage, type State } from './state.ts';
import type { ClaimedKey, DeliveryKey, RecipientRow, Tables } from './tables.ts';

export function claim({ tables, clock }: State, change: ClaimChange): OutcomeOf<ClaimChange> {
  const { owner, token } = change;
  const now = clock.now();
  const before = tables.claims.get(owner);
  if (before?.token === token) {
    const keys = before.keys.filter((key) => !takeBack(tables, owner, key));
    return { ...claimed(tables, owner, keys), ...sameNext(change), more: true };
  }
  const keys: ClaimedKey[] = [];
  const waiting = (): readonly QueueRow[] =>
    queueRows(tables)
      .filter((row) => row.recipient.owner === undefined && !isHeld(tables, row))
      .toSorted((one, other) => one.recipient.dueAt - other.recipient.dueAt);
  const lanes: Lanes = {
    firstAfter(domain) {
      let first: RecipientRow | undefined;
      for (const { recipient } of waiting())
        if (
          (domain === undefined || recipient.domain > domain) &&
          (first === undefined || recipient.domain < first.domain)
        )
          first = recipient;
      return first && { domain: first.domain, dueAt: first.dueAt };
    },
    take(domain, max) {
      const due = waiting()
        .filter(({ recipient }) => recipient.domain === domain && recipient.dueAt <= now)
        .slice(0, max);
      for (const { id, row, recipient } of due) {
        update(tables, [id, recipient.number], ({ attempt }) => ({ owner, attempt: attempt + 1 }));
        keys.push([id, recipient.number, row.n]);
      }
      return due.length;
    },
  };
  const round = takeShares(lanes, change, now);
  if (keys.length > 0) tables.claims.set(owner, { owner, token, keys });
  return { ...claimed(tables, owner, keys), ...round };
}

/** Its identity was suspended since the claim was asked first: who asks again may not have heard of it. True: it is nobody's again. */
function takeBack(tables: Tables, owner: string, [id, number, n]: ClaimedKey): boolean {
  const row = tables.messages.get(id);
  if (row?.n !== n || !tables.mayNotSend.has(row.message.identityId ?? '')) return false;
  if (row.recipients.some((one) => one.number === number && one.owner === owner))
    update(tables, [id, number], () => ({ owner: undefined }));
  return true;
}

type Claimed = Extract<OutcomeOf<ClaimChange>, { type: 'claimed' }>;

function claimed(tables: Tables, owner: string, keys: readonly ClaimedKey[]): Omit<Claimed, 'next' | 'more'> {
  const deliveries: Delivery[] = [];
  const messages = new Map<MessageId, QueuedMessage>();
  for (const [id, number, n] of keys) {
    const row = tables.messages.get(id);
    const recipient = row?.recipients.find((one) => one.number === number);
    if (row?.n !== n || recipient?.owner !== owner) continue;
    messages.set(id, row.message);
    deliveries.push(deliveryOf(id, recipient));
  }
  return { type: 'claimed', deliveries, messages: [...messages.values()] };
}

export function deliveryOf(messageId: MessageId, row: RecipientRow): Delivery {
  const { number: recipientNumber, recipient, domain, attempt, delayReported } = row;
  return { messageId, recipientNumber, recipient, domain, attempt, delayReported };
}

export function update(
  { messages }: Tables,
  [id, number]: DeliveryKey,
  change: (row: RecipientRow) => Partial<RecipientRow>,
): void {
  const row = messages.get(id);
  if (row === undefined) return;
  const recipients = row.recipients.map((one) => (one.number === number ? { ...one, ...change(one) } : one));
  messages.set(id, { ...row, recipients });
}

export function settle(state: State, change: SettleChange): OutcomeOf<SettleChange> {
  const { tables } = state;
  const row = findMessage(tables, change.messageId);
  if (row === undefined) return staleBy(tables, change);
  const isOurs = ({ recipientNumber, attempt }: { recipientNumber: number; attempt: number }): boolean => {
    const recipient = row.recipients.find(({ number }) => number === recipientNumber);
    return recipient?.owner === change.owner && recipient.attempt === attempt;
  };
  if (!change.recipients.every(isOurs)) return staleBy(tables, change);

  const { id } = row.message;
  const finals = new Set<number>();
  for (const { recipientNumber, fate, event } of change.recipients) {
    switch (fate.type) {
      case 'final':
        finals.add(recipientNumber);
        break;
      case 'deferred': {
        const { dueAt, delayReported } = fate;
        update(tables, [id, recipientNumber], () => ({ owner: undefined, dueAt, delayReported }));
        break;
      }
      case 'held':
        update(tables, [id, recipientNumber], ({ heldBy }) => ({
          ...{ owner: undefined, heldBy: new Set([...heldBy, 'operator' as const]) },
        }));
    }
    state.append(event);
  }
  leave(tables, id, finals);
  const noticesDue = keepNotices(tables, id, change);
  const messageDone = finals.size > 0 && endIfDone(state, id);
  return { type: 'settled', messageDone, ...(noticesDue ? { noticesDue } : {}) };
}

/** All of a settle is told in one commit. */
function staleBy(tables: Tables, { again, recipients: [first] }: SettleChange): OutcomeOf<SettleChange> {
  const wasSettled = (event: EventDraft): boolean =>
    eventsNaming(tables, idTerm(event.messageId ?? '')).some((row) =>
      tellsOf({ ...row, payload: row.payload?.octets }, event),
    );
  return again === true && first !== undefined && wasSettled(first.event)
    ? { type: 'stale', again: true }
    : { type: 'stale' };
}

/** Removes recipients that are settled for good. */
function leave({ messages }: Tables, id: MessageId, finals: ReadonlySet<number>): void {
  const row = messages.get(id);
  if (row === undefined) return;
  messages.set(id, { ...row, recipients: row.recipients.filter(({ number }) => !finals.has(number)) });
}

export function free(state: State, { ownerPrefix, only, dueAt }: FreeChange): OutcomeOf<FreeChange> {
  const { tables } = state;
  const chosen = only?.map(({ messageId, recipientNumber, attempt }) => {
    return `${findMessage(tables, messageId)?.message.id} ${recipientNumber} ${attempt}`;
  });
  const isMeant = ({ id, recipient }: QueueRow): boolean => {
    if (recipient.owner === undefined) return false;
    if (chosen === undefined) return recipient.owner.startsWith(ownerPrefix);
    return (
      recipient.owner === ownerPrefix && chosen.includes(`${id} ${recipient.number} ${recipient.attempt}`)
    );
  };
  const meant = queueRows(tables).filter((row) => isMeant(row));
  for (const { id, recipient } of meant) {
    update(tables, [id, recipient.number], () => ({ owner: undefined, dueAt }));
  }
  if (chosen === undefined) forgetClaims(tables, ownerPrefix);
  if (meant.length > 0) state.notice({ type: 'due' });
  return { type: 'freed', count: meant.length };
}

function forgetClaims({ claims }: Tables, ownerPrefix: string): void {
  for (const { owner } of claims.values()) if (owner.startsWith(ownerPrefix)) claims.delete(owner);
}

export function drop(state: State, { id, row, recipient }: QueueRow, change: Dropping): void {
  const { number: recipientNumber, attempt } = recipient;
  const about = { recipientNumber, attempt, recipient: recipient.recipient.forwardPath };
  state.append(eventOfDrop(change, { messageId: id, identityId: row.message.identityId, ...about }));
  leave(state.tables, id, new Set([recipientNumber]));
  endIfDone(state, id);
}

export function withdraw(state: State, change: WithdrawChange): OutcomeOf<WithdrawChange> {
  state.withdrawals.add(change.messageId);
  const id = keptId(change.messageId);
  const rows = queueRows(state.tables).filter(
    (row) => row.id === id && [undefined, change.owner].includes(row.recipient.owner),
  );
  for (const row of rows) drop(state, row, change);
  return { type: 'withdrawn', count: rows.length };
}
