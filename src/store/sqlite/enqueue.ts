// A message into the queue tables: one row for it, one for its content, one for each recipient.

import { messageIdBytes } from '../../base/message-id.ts';
import type { EnvelopeRecipient } from '../../protocol/envelope.ts';
import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import type { MessageContent, QueuedMessage } from '../port.ts';
import type { Owner } from '../owner.ts';
import type { Database } from './database.ts';
import type { QueueTally } from './queue-totals.ts';

export interface QueueItem {
  /** The sequence of the event that tells of its acceptance. */
  readonly n: number;
  readonly message: QueuedMessage;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly content: MessageContent;
  readonly dueAt: number;
  readonly owner: Owner | undefined;
  /** Number of the attempt that is under way, or 0. */
  readonly attempt: number;
}

export function enqueue(db: Database, tally: Pick<QueueTally, 'countFiled'>, item: QueueItem): void {
  const { n, content } = item;
  insertMessage(db, item);
  const [staged, octets] = content.kind === 'staged' ? [1, content.header] : [0, content.bytes];
  db.run('INSERT INTO content VALUES (?, ?, ?)', n, staged, octets);
  item.recipients.forEach((recipient, at) => {
    insertRecipient(db, item, recipient, at);
    tally.countFiled(item.message.identityId, 1);
  });
}

function insertMessage(db: Database, { n, message, recipients }: QueueItem): void {
  const { reversePath, ...envelope } = message.envelope;
  db.run(
    'INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    n,
    messageIdBytes(message.id) ?? null,
    message.acceptedAt,
    message.role,
    message.identityId ?? null,
    reversePath,
    JSON.stringify(envelope),
    message.octets,
    message.headerOctets,
    message.headerUtf8 ? 1 : 0,
    message.body8bit ? 1 : 0,
    recipients.length,
    message.credentialId ?? null,
  );
}

function insertRecipient(
  db: Database,
  { n, dueAt, owner, attempt }: QueueItem,
  { forwardPath, ...parameters }: EnvelopeRecipient,
  recipientNumber: number,
): void {
  db.run(
    'INSERT INTO recipient (message_n, number, forward_path, domain, parameters, due_at, owner, attempt) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    n,
    recipientNumber,
    forwardPath,
    deliveryDomain(forwardPath),
    Object.keys(parameters).length === 0 ? null : JSON.stringify(parameters),
    dueAt,
    owner ?? null,
    attempt,
  );
}
