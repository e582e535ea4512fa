// A queue selector as SQL of PostgreSQL over `recipient r JOIN message m`. Each recipient bears the identity of its message, so most selectors need no join.

import type { QueueSelector } from '../port.ts';
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

export function whereOf(selector: QueueSelector, values: Values): string {
  return whereIn(selector, {
    ...{ messageId: 'r.message_id', identityId: 'r.identity_id', isHeld: isHeld('r') },
    value: (value) => values.add(value),
    id: (id) => values.add(uuidOfId(id)),
  });
}

/** What stands with the message alone is asked for. */
export function needsMessage({ credentialId, from }: QueueSelector): boolean {
  return credentialId !== undefined || from !== undefined;
}
