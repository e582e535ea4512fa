// The young messages as the look-ups show them: deliveries like those of the queue tables, each under way for the first time.

import type { MessageId } from '../../base/message-id.ts';
import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import type { QueueDepth } from '../depth.ts';
import { keptId } from '../kept-id.ts';
import type { QueueEntry } from '../lookups.ts';
import type { QueuedMessage, QueueSelector } from '../port.ts';
import { isSelected } from '../selector.ts';
import { bytes, type Database, number } from './database.ts';
import { reasonsOf } from './held.ts';
import { factsOfRow, type YoungFacts } from './young.ts';

export function youngMessage(db: Database, id: MessageId): QueuedMessage | undefined {
  return findYoung(db, id)?.message;
}

/** Header and body. */
export function youngContent(db: Database, id: MessageId): Uint8Array | undefined {
  const found = findYoung(db, id);
  const row = found && db.get('SELECT content FROM young WHERE n = ?', found.n);
  return row && bytes(row, 'content');
}

function findYoung(db: Database, id: MessageId): { n: number; message: QueuedMessage } | undefined {
  const wanted = keptId(id);
  for (const row of db.all('SELECT n, facts FROM young')) {
    const { message } = keptFacts(factsOfRow(row));
    if (message.id === wanted) return { n: number(row, 'n'), message };
  }
  return undefined;
}

/** In no particular order. */
export function youngEntries(db: Database, selector: QueueSelector): readonly QueueEntry[] {
  const { messageId } = selector;
  return db
    .all(`SELECT facts, ${YOUNG_MAY_NOT_SEND} AS may_not_send FROM young`)
    .map((row) => ({ ...keptFacts(factsOfRow(row)), mayNotSend: number(row, 'may_not_send') === 1 }))
    .filter(({ message }) => messageId === undefined || keptId(messageId) === message.id)
    .flatMap((facts) => entriesOf(facts))
    .filter((entry) => isMeant(entry, selector));
}

const YOUNG_MAY_NOT_SEND =
  "EXISTS (SELECT 1 FROM identity i WHERE i.id = facts ->> '$.message.identityId' AND i.state <> 'active')";

/** Recipients. */
export function countYoungHeld(db: Database): number {
  const { held } =
    db.get(
      `SELECT coalesce(sum(json_array_length(facts, '$.recipients')), 0) AS held FROM young WHERE ${YOUNG_MAY_NOT_SEND}`,
    ) ?? {};
  return Number(held);
}

export function countYoung(db: Database): QueueDepth {
  const row =
    db.get(
      "SELECT count(*) AS messages, coalesce(sum(facts ->> '$.message.role' = 'mx'), 0) AS strangers FROM young",
    ) ?? {};
  return { messages: number(row, 'messages'), ofStrangers: number(row, 'strangers') };
}

/** The earliest acceptance, ms; undefined: there is none. */
export function oldestYoung(db: Database): number | undefined {
  const { oldest } = db.get("SELECT min(facts ->> '$.message.acceptedAt') AS oldest FROM young") ?? {};
  return typeof oldest === 'number' ? oldest : undefined;
}

/** Ids are written with growing letters: they sort as their octets do. */
export function compareEntries(one: QueueEntry, other: QueueEntry): number {
  if (one.message.id !== other.message.id) return one.message.id < other.message.id ? -1 : 1;
  return one.delivery.recipientNumber - other.delivery.recipientNumber;
}

function keptFacts(facts: YoungFacts): YoungFacts {
  return { ...facts, message: { ...facts.message, id: keptId(facts.message.id) ?? facts.message.id } };
}

function isMeant({ message, delivery, dueAt, heldBy }: QueueEntry, selector: QueueSelector): boolean {
  const { recipient, domain } = delivery;
  const held = heldBy.length > 0;
  return isSelected(
    message.id,
    { message, forwardPath: recipient.forwardPath, domain, held, dueAt },
    selector,
  );
}

function entriesOf({
  message,
  recipients,
  dueAt,
  mayNotSend,
}: YoungFacts & { readonly mayNotSend: boolean }): readonly QueueEntry[] {
  return recipients.map((recipient, recipientNumber) => ({
    message,
    delivery: {
      messageId: message.id,
      recipientNumber,
      recipient,
      domain: deliveryDomain(recipient.forwardPath),
      attempt: 1,
      delayReported: false,
    },
    dueAt,
    heldBy: reasonsOf(0, mayNotSend),
    active: true,
  }));
}
