// Rows of the queue tables as the values of the port.

import { messageIdFromBytes } from '../../base/message-id.ts';
import type { EnvelopeRecipient } from '../../protocol/envelope.ts';
import type { Delivery, QueuedMessage } from '../port.ts';
import { type Row } from './database.ts';
import { bytes, number, optionalText, text } from '../row.ts';

export const MESSAGE_COLUMNS =
  'm.n, m.id, m.accepted_at, m.role, m.identity_id, m.credential_id, m.reverse_path, m.envelope, m.octets, m.header_octets, m.header_utf8, m.body_8bit';
export const RECIPIENT_COLUMNS =
  'r.message_n, r.number, r.forward_path, r.domain, r.parameters, r.due_at, r.held, r.owner, r.attempt, r.delay_reported';

export function messageOfRow(row: Row): QueuedMessage {
  const identityId = optionalText(row, 'identity_id');
  const credentialId = optionalText(row, 'credential_id');
  const envelope = JSON.parse(text(row, 'envelope')) as Omit<QueuedMessage['envelope'], 'reversePath'>;
  return {
    id: messageIdFromBytes(bytes(row, 'id')),
    acceptedAt: number(row, 'accepted_at'),
    role: text(row, 'role') as QueuedMessage['role'],
    ...(identityId === undefined ? {} : { identityId }),
    ...(credentialId === undefined ? {} : { credentialId }),
    envelope: { ...envelope, reversePath: text(row, 'reverse_path') },
    octets: number(row, 'octets'),
    headerOctets: number(row, 'header_octets'),
    headerUtf8: number(row, 'header_utf8') === 1,
    body8bit: number(row, 'body_8bit') === 1,
  };
}

export function recipientOfRow(row: Row): EnvelopeRecipient {
  const parameters = optionalText(row, 'parameters');
  return {
    ...(parameters === undefined ? {} : (JSON.parse(parameters) as Omit<EnvelopeRecipient, 'forwardPath'>)),
    forwardPath: text(row, 'forward_path'),
  };
}

export function deliveryOfRow(row: Row, messageId: string): Delivery {
  return {
    messageId,
    recipientNumber: number(row, 'number'),
    recipient: recipientOfRow(row),
    domain: text(row, 'domain'),
    attempt: number(row, 'attempt'),
    delayReported: number(row, 'delay_reported') === 1,
  };
}
