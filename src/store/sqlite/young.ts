// Messages in flight from the memory of the front that accepted them. Most are delivered at once, so each is one row beside the queue and
// goes with its delivery. Before anything else happens to it, it is filed: moved into the queue tables. Look-ups show it in either
// place (`young-lookups.ts`).

import type { MessageId } from '../../base/message-id.ts';
import type { EnvelopeRecipient } from '../../protocol/envelope.ts';
import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import { keptId } from '../kept-id.ts';
import type { IdentityId } from '../../record/identity.ts';
import type { AcceptChange, QueuedMessage, SettleChange } from '../port.ts';
import type { Owner } from '../owner.ts';
import { bytes, type Database, number, type Row, text } from './database.ts';
import { enqueue } from './enqueue.ts';
import { openQueueTally, type QueueTally } from './queue-totals.ts';

/** Beyond this number messages go into the queue tables at once: a look-up reads all young messages. */
const YOUNG_MAX = 1000;

/** Recipients of one message: bulk mail would make the rows slow to read. */
const RECIPIENTS_MAX = 16;

/** Number of the first attempt, the only one that a young message gets. */
const FIRST_ATTEMPT = 1;

export interface YoungFacts {
  readonly message: QueuedMessage;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly dueAt: number;
  readonly owner: Owner;
}

export interface YoungMessages {
  /** Takes the message if it may be young; false: it belongs into the queue tables. `maySend`: whether its identity may send. `n`: number of its row. */
  take(change: AcceptChange, maySend: boolean, n: number): boolean;
  has(id: MessageId): boolean;
  /** Ends the message if the change ends all its recipients and nobody is to be told. Gives the ended message. */
  end(change: SettleChange): Young | undefined;
  file(id: MessageId): void;
  /** At most `max` of them; absent: all. False: some are left. */
  fileWhere(isMeant: (young: Young, id: MessageId) => boolean, max?: number): boolean;
  /** Whether mail of this identity is among them. */
  hasOf(identityId: IdentityId): boolean;
  /** After COMMIT. */
  committed(): void;
  /** After a rollback: all is as it was before the transaction. */
  rolledBack(): void;
}

export interface Young {
  readonly n: number;
  readonly owner: Owner;
  readonly identityId: IdentityId | undefined;
  readonly credentialId: string | undefined;
  readonly role: QueuedMessage['role'];
  /** Domains of the recipients, in their order. */
  readonly domains: readonly string[];
}

export function openYoungMessages(db: Database, tally: Pick<QueueTally, 'countFiled'>): YoungMessages {
  const known = recalled(db);
  /** Steps of this transaction, each with the state before it: undone from the last one. */
  const steps: (readonly [id: MessageId, before: Young | undefined])[] = [];

  function add(id: MessageId, young: Young): void {
    steps.push([id, undefined]);
    known.set(id, young);
  }

  function remove(id: MessageId, young: Young): void {
    db.run('DELETE FROM young WHERE n = ?', young.n);
    steps.push([id, young]);
    known.delete(id);
  }

  function fileOne(id: MessageId, young: Young): void {
    const row = db.get('SELECT n, facts, content FROM young WHERE n = ?', young.n);
    if (row === undefined) throw new Error(`young message ${id} is gone`);
    fileRow(db, tally, row);
    remove(id, young);
  }

  return {
    take(change, maySend, n) {
      const { message, recipients, content, dueAt, owner, untried } = change;
      const id = keptId(message.id);
      if (id === undefined || owner === undefined || untried === true || !maySend) return false;
      if (content.kind !== 'inline' || known.size >= YOUNG_MAX || !isPlain(change)) return false;
      const facts: YoungFacts = { message, recipients, dueAt, owner };
      db.run('INSERT INTO young VALUES (?, ?, ?)', n, JSON.stringify(facts), content.bytes);
      add(id, youngOf(n, facts));
      return true;
    },
    has: (id) => known.has(keptId(id) ?? ''),
    end(change) {
      const id = keptId(change.messageId) ?? '';
      const young = known.get(id);
      if (young === undefined || !isWholeEnd(change, young)) return undefined;
      remove(id, young);
      return young;
    },
    file(id) {
      const kept = keptId(id) ?? '';
      const young = known.get(kept);
      if (young !== undefined) fileOne(kept, young);
    },
    fileWhere(isMeant, max = Infinity) {
      const meant = [...known].filter(([id, young]) => isMeant(young, id));
      for (const [id, young] of meant.slice(0, max)) fileOne(id, young);
      return meant.length <= max;
    },
    hasOf: (identityId) => [...known.values()].some((young) => young.identityId === identityId),
    committed() {
      steps.length = 0;
    },
    rolledBack() {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        const [id, before] = step;
        if (before === undefined) known.delete(id);
        else known.set(id, before);
      }
    },
  };
}

function recalled(db: Database): Map<MessageId, Young> {
  const known = new Map<MessageId, Young>();
  for (const row of db.iterate('SELECT n, facts FROM young ORDER BY n')) {
    const facts = factsOfRow(row);
    known.set(keptId(facts.message.id) ?? '', youngOf(number(row, 'n'), facts));
  }
  return known;
}

function youngOf(n: number, { message, owner, recipients }: YoungFacts): Young {
  const domains = recipients.map(({ forwardPath }) => deliveryDomain(forwardPath));
  const { identityId, credentialId, role } = message;
  return { n, owner, identityId, credentialId, role, domains };
}

/** Files all young messages of a store that nobody writes to. */
export function fileYoungMessages(db: Database): void {
  const tally = openQueueTally(db);
  for (const row of db.iterate('SELECT n, facts, content FROM young ORDER BY n')) fileRow(db, tally, row);
  tally.write();
  db.exec('DELETE FROM young');
}

function fileRow(db: Database, tally: Pick<QueueTally, 'countFiled'>, row: Row): void {
  const content = { kind: 'inline', bytes: bytes(row, 'content') } as const;
  const n = number(row, 'n');
  enqueue(db, tally, { n, ...factsOfRow(row), content, attempt: FIRST_ATTEMPT });
}

export function factsOfRow(row: Row): YoungFacts {
  return JSON.parse(text(row, 'facts')) as YoungFacts;
}

/** The queue tables take whole numbers only: a wrong value is found now, not when the message is filed. */
function isPlain({ message, recipients, dueAt }: AcceptChange): boolean {
  const { acceptedAt, octets, headerOctets } = message;
  return (
    recipients.length > 0 &&
    recipients.length <= RECIPIENTS_MAX &&
    [dueAt, acceptedAt, octets, headerOctets].every((value) => Number.isSafeInteger(value))
  );
}

function isWholeEnd({ owner, recipients }: SettleChange, young: Young): boolean {
  if (owner !== young.owner || recipients.length !== young.domains.length) return false;
  const ended = new Set<number>();
  for (const { recipientNumber, attempt, fate, notice } of recipients) {
    if (notice !== undefined) return false;
    if (fate.type === 'final' && attempt === FIRST_ATTEMPT && young.domains[recipientNumber] !== undefined)
      ended.add(recipientNumber);
  }
  return ended.size === young.domains.length;
}
