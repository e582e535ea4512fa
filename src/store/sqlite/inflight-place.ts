// What fronts have in hand as one of the places of the queue: deliveries like those of its tables, each under way for the first time. There are a thousand
// messages at most: each question reads them all.

import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import { keptId } from '../kept-id.ts';
import type { QueueEntry } from '../lookups.ts';
import { isSelected, type QueueSelector } from '../selector.ts';
import { type Database } from './database.ts';
import { leasedBy } from '../owner.ts';
import { bytes, number } from '../row.ts';
import { reasonsOf } from '../held.ts';
import { factsOfRow, type InflightFacts } from './inflight.ts';
import type { QueuePage, QueuePlace } from './queue-place.ts';

const MAY_NOT_SEND =
  "EXISTS (SELECT 1 FROM identity i WHERE i.id = facts ->> '$.message.identityId' AND i.state <> 'active')";

interface Inflight extends InflightFacts {
  readonly n: number;
  readonly mayNotSend: boolean;
}

export function inflightPlace(db: Database): QueuePlace {
  const all = (): readonly Inflight[] =>
    db.all(`SELECT n, facts, ${MAY_NOT_SEND} AS may_not_send FROM inflight`).map((row) => ({
      ...keptFacts(factsOfRow(row)),
      ...{ n: number(row, 'n'), mayNotSend: number(row, 'may_not_send') === 1 },
    }));
  const find = (id: string): Inflight | undefined => {
    const wanted = keptId(id);
    return all().find(({ message }) => message.id === wanted);
  };
  const meant = (selector: QueueSelector): readonly QueueEntry[] =>
    all()
      .flatMap((one) => entriesOf(one))
      .filter((entry) => isMeant(entry, selector));

  return {
    message: (id) => find(id)?.message,
    content(id) {
      const found = find(id);
      const row = found && db.get('SELECT content FROM inflight WHERE n = ?', found.n);
      return row && piece(bytes(row, 'content'));
    },
    entries: (selector, { after, max }) =>
      meant(selector)
        .filter((entry) => isBehind(entry, after))
        .toSorted(compareEntries)
        .slice(0, max),
    entriesOfMessages(ids, max) {
      const wanted = new Set(ids.map((id) => keptId(id)));
      return all()
        .filter(({ message }) => wanted.has(message.id))
        .flatMap((one) => entriesOf(one).slice(0, max));
    },
    count: (selector, max) => Math.min(meant(selector).length, max),
    countHeldByIdentity() {
      const row = db.get(
        `SELECT coalesce(sum(json_array_length(facts, '$.recipients')), 0) AS held FROM inflight WHERE ${MAY_NOT_SEND}`,
      );
      return number(row ?? {}, 'held');
    },
    depth() {
      const row =
        db.get(
          "SELECT count(*) AS messages, coalesce(sum(facts ->> '$.message.role' = 'mx'), 0) AS strangers FROM inflight",
        ) ?? {};
      return { messages: number(row, 'messages'), ofStrangers: number(row, 'strangers') };
    },
    oldest() {
      const { oldest } = db.get("SELECT min(facts ->> '$.message.acceptedAt') AS oldest FROM inflight") ?? {};
      return typeof oldest === 'number' ? oldest : undefined;
    },
  };
}

async function* piece(octets: Uint8Array): AsyncGenerator<Uint8Array> {
  yield octets;
}

/** Ids are written with growing letters: they sort as their octets do. */
export function compareEntries(one: QueueEntry, other: QueueEntry): number {
  if (one.message.id !== other.message.id) return one.message.id < other.message.id ? -1 : 1;
  return one.delivery.recipientNumber - other.delivery.recipientNumber;
}

/** No entry comes after what is no id. */
function isBehind({ message, delivery }: QueueEntry, after: QueuePage['after']): boolean {
  if (after === undefined) return true;
  const id = keptId(after.messageId);
  return (
    id !== undefined &&
    (message.id > id || (message.id === id && delivery.recipientNumber > after.recipientNumber))
  );
}

function keptFacts(facts: InflightFacts): InflightFacts {
  return { ...facts, message: { ...facts.message, id: keptId(facts.message.id) ?? facts.message.id } };
}

function isMeant({ message, delivery, dueAt, heldBy }: QueueEntry, selector: QueueSelector): boolean {
  const { recipient, recipientNumber, domain } = delivery;
  const held = heldBy.length > 0;
  return isSelected(
    message.id,
    { message, recipientNumber, forwardPath: recipient.forwardPath, domain, held, dueAt },
    selector,
  );
}

function entriesOf({ message, recipients, dueAt, owner, mayNotSend }: Inflight): readonly QueueEntry[] {
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
    ...leasedBy(owner),
  }));
}
