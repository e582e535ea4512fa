// Messages in flight from the memory of the front that accepted them. Most are delivered at once, so each is one row beside the queue and
// goes with its delivery. Before anything else happens to it, it is filed: moved into the queue tables (`queued.ts`).

import type { MessageId } from '../../base/message-id.ts';
import type { EnvelopeRecipient } from '../../protocol/envelope.ts';
import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import { keptId } from '../kept-id.ts';
import type { IdentityId } from '../../record/identity.ts';
import type { AcceptChange, QueuedMessage, SettleChange } from '../port.ts';
import type { Owner } from '../owner.ts';
import { type Database, type Row } from './database.ts';
import { bytes, number, text } from '../row.ts';
import { enqueue } from './enqueue.ts';
import type { QueueTally } from './queue-totals.ts';

/** Beyond this number messages go into the queue tables at once: a look-up reads them all. */
const INFLIGHT_MAX = 1000;

/** Recipients of one message: bulk mail would make the rows slow to read. */
const RECIPIENTS_MAX = 16;

/** Number of the first attempt, the only one that a message in flight gets. */
export const FIRST_ATTEMPT = 1;

export interface InflightFacts {
  readonly message: QueuedMessage;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly dueAt: number;
  readonly owner: Owner;
}

export interface InflightMessages {
  /** Takes the message if it may be in flight; false: it belongs into the queue tables. `n`: number of its row. */
  take(change: AcceptChange, n: number): boolean;
  has(id: MessageId): boolean;
  hasOf(identityId: IdentityId): boolean;
  endWhole(change: SettleChange): Inflight | undefined;
  file(id: MessageId): void;
  fileWhere(isMeant: (one: Inflight, id: MessageId) => boolean, max?: number): boolean;
  committed(): void;
  rolledBack(): void;
}

export interface Inflight {
  readonly n: number;
  readonly owner: Owner;
  readonly identityId: IdentityId | undefined;
  readonly credentialId: string | undefined;
  readonly role: QueuedMessage['role'];
  /** Domains of the recipients, in their order. */
  readonly domains: readonly string[];
}

export function openInflight(db: Database, tally: Pick<QueueTally, 'countFiled'>): InflightMessages {
  const known = recalled(db);
  /** Steps of this transaction, each with the state before it: undone from the last one. */
  const steps: (readonly [id: MessageId, before: Inflight | undefined])[] = [];

  function add(id: MessageId, one: Inflight): void {
    steps.push([id, undefined]);
    known.set(id, one);
  }

  function remove(id: MessageId, one: Inflight): void {
    db.run('DELETE FROM inflight WHERE n = ?', one.n);
    steps.push([id, one]);
    known.delete(id);
  }

  function fileOne(id: MessageId, one: Inflight): void {
    const row = db.get('SELECT n, facts, content FROM inflight WHERE n = ?', one.n);
    if (row === undefined) throw new Error(`message ${id} in flight is gone`);
    fileRow(db, tally, row);
    remove(id, one);
  }

  return {
    take(change, n) {
      const { message, recipients, content, dueAt, owner, untried } = change;
      const id = keptId(message.id);
      if (id === undefined || owner === undefined || untried === true) return false;
      if (content.kind !== 'inline' || known.size >= INFLIGHT_MAX || !isPlain(change)) return false;
      const facts: InflightFacts = { message, recipients, dueAt, owner };
      db.run('INSERT INTO inflight VALUES (?, ?, ?)', n, JSON.stringify(facts), content.bytes);
      add(id, inflightOf(n, facts));
      return true;
    },
    has: (id) => known.has(keptId(id) ?? ''),
    endWhole(change) {
      const id = keptId(change.messageId) ?? '';
      const one = known.get(id);
      if (one === undefined || !isWholeEnd(change, one)) return undefined;
      remove(id, one);
      return one;
    },
    file(id) {
      const kept = keptId(id) ?? '';
      const one = known.get(kept);
      if (one !== undefined) fileOne(kept, one);
    },
    fileWhere(isMeant, max = Infinity) {
      const meant = [...known].filter(([id, one]) => isMeant(one, id));
      for (const [id, one] of meant.slice(0, max)) fileOne(id, one);
      return meant.length <= max;
    },
    hasOf: (identityId) => [...known.values()].some((one) => one.identityId === identityId),
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

function recalled(db: Database): Map<MessageId, Inflight> {
  const known = new Map<MessageId, Inflight>();
  for (const row of db.iterate('SELECT n, facts FROM inflight ORDER BY n')) {
    const facts = factsOfRow(row);
    known.set(keptId(facts.message.id) ?? '', inflightOf(number(row, 'n'), facts));
  }
  return known;
}

function inflightOf(n: number, { message, owner, recipients }: InflightFacts): Inflight {
  const domains = recipients.map(({ forwardPath }) => deliveryDomain(forwardPath));
  const { identityId, credentialId, role } = message;
  return { n, owner, identityId, credentialId, role, domains };
}

function fileRow(db: Database, tally: Pick<QueueTally, 'countFiled'>, row: Row): void {
  const content = { kind: 'inline', bytes: bytes(row, 'content') } as const;
  const n = number(row, 'n');
  enqueue(db, tally, { n, ...factsOfRow(row), content, attempt: FIRST_ATTEMPT });
}

export function factsOfRow(row: Row): InflightFacts {
  return JSON.parse(text(row, 'facts')) as InflightFacts;
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

function isWholeEnd({ owner, recipients }: SettleChange, one: Inflight): boolean {
  if (owner !== one.owner || recipients.length !== one.domains.length) return false;
  const ended = new Set<number>();
  for (const { recipientNumber, attempt, fate, notice } of recipients) {
    if (notice !== undefined) return false;
    if (fate.type === 'final' && attempt === FIRST_ATTEMPT && one.domains[recipientNumber] !== undefined)
      ended.add(recipientNumber);
  }
  return ended.size === one.domains.length;
}
