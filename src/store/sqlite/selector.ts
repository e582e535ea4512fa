// A queue selector as SQL over `recipient r JOIN message m`: every given field must match.

import { messageIdBytes } from '../../base/message-id.ts';
import type { QueueSelector } from '../port.ts';
import type { SqlValue } from './database.ts';
import { IS_HELD } from '../held.ts';

export interface Where {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export function whereOf(selector: QueueSelector): Where {
  const parts: string[] = ['1 = 1'];
  const values: SqlValue[] = [];
  const add = (sql: string, value: SqlValue): void => {
    parts.push(sql);
    values.push(value);
  };
  if (selector.messageId !== undefined)
    add('m.id = ?', messageIdBytes(selector.messageId) ?? new Uint8Array(0));
  if (selector.recipientNumber !== undefined) add('r.number = ?', selector.recipientNumber);
  if (selector.identityId !== undefined) add('m.identity_id = ?', selector.identityId);
  if (selector.credentialId !== undefined) add('m.credential_id = ?', selector.credentialId);
  if (selector.from !== undefined) add('m.reverse_path = ?', selector.from);
  if (selector.to !== undefined) add('r.forward_path = ?', selector.to);
  if (selector.domain !== undefined) add('r.domain = ?', selector.domain.toLowerCase());
  if (selector.dueAfter !== undefined) add('r.due_at > ?', selector.dueAfter);
  if (selector.held !== undefined) parts.push(selector.held ? IS_HELD : `NOT ${IS_HELD}`);
  return { sql: parts.join(' AND '), values };
}
