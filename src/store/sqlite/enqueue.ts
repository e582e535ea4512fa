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
  const { n, message, recipients, content, ...leased } = item;
  insertMessage(db, { n, message, content, unsettled: recipients.length });
  recipients.forEach((recipient, recipientNumber) => {
    insertRecipient(db, n, { ...leased, recipient, recipientNumber, held: 0, delayReported: false });
    tally.countFiled(message.identityId, 1);
  });
}

interface MessageRow extends Pick<QueueItem, 'n' | 'message' | 'content'> {
  /** Recipients that are left. */
  readonly unsettled: number;
}

/** With its content. */
export function insertMessage(db: Database, { n, message, content, unsettled }: MessageRow): void {
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
    unsettled,
    message.credentialId ?? null,
  );
  const [staged, octets] = content.kind === 'staged' ? [1, content.header] : [0, content.bytes];
  db.run('INSERT INTO content VALUES (?, ?, ?)', n, staged, octets);
}

interface RecipientRow extends Pick<QueueItem, 'dueAt' | 'owner' | 'attempt'> {
  readonly recipientNumber: number;
  readonly recipient: EnvelopeRecipient;
  /** Bits, see `held.ts`. */
  readonly held: number;
  readonly delayReported: boolean;
}

export function insertRecipient(
  db: Database,
  n: number,
  { recipientNumber, recipient, dueAt, owner, attempt, held, delayReported }: RecipientRow,
): void {
  const { forwardPath, ...parameters } = recipient;
  db.run(
    'INSERT INTO recipient VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    ...[n, recipientNumber, forwardPath, deliveryDomain(forwardPath)],
    Object.keys(parameters).length === 0 ? null : JSON.stringify(parameters),
    ...[dueAt, held, owner ?? null, attempt, delayReported ? 1 : 0],
  );
}
