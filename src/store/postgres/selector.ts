// A queue selector as SQL of PostgreSQL over `recipient r`, which bears the identity of its message.

import type { QueueSelector } from '../selector.ts';
import { isHeld } from '../held.ts';
import { whereOf as whereIn } from '../selector-sql.ts';
import type { SqlValue } from './connection.ts';
import { uuidOfId } from './inflight.ts';

/** Values of a statement that is put together piece by piece. */
export class Values {
  readonly all: SqlValue[] = [];

  /** Gives what stands for it. */
  add(value: SqlValue): string {
    this.all.push(value);
    return `$${this.all.length}`;
  }
}

/** Leads to the index of domains, and is true of all: see `schema.ts`. */
const BY_DOMAIN = 'r.number >= 0';

/** `messages`: where the message of `r` stands. */
export function whereOf(
  selector: QueueSelector,
  values: Values,
  messages: 'message' | 'queued_message',
): string {
  const where = whereIn(selector, {
    ...{ messageId: 'r.message_id', identityId: 'r.identity_id', isHeld: isHeld('r') },
    ...{
      credentialId: ofMessage('credential_id', messages),
      reversePath: ofMessage('reverse_path', messages),
    },
    value: (value) => values.add(value),
    id: (id) => values.add(uuidOfId(id)),
    isAmong: (column, among) => `${column} = ANY(${values.add(among)}::text[])`,
  });
  return selector.domain === undefined ? where : `${where} AND ${BY_DOMAIN}`;
}

/** In SQL: what its message says. Asked of one row at a time: with a join all messages might be walked first. */
export function ofMessage(column: string, messages: 'message' | 'queued_message'): string {
  return `(SELECT m.${column} FROM ${messages} m WHERE m.id = r.message_id)`;
}
