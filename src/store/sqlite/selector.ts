// A queue selector as SQL of SQLite over `recipient r JOIN message m`.

import { messageIdBytes } from '../../base/message-id.ts';
import type { QueueSelector } from '../selector.ts';
import type { SqlValue } from './database.ts';
import { isHeld } from '../held.ts';
import { whereOf as whereIn } from '../selector-sql.ts';

export interface Where {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export function whereOf(selector: QueueSelector): Where {
  const values: SqlValue[] = [];
  const given = (value: SqlValue): string => {
    values.push(value);
    return '?';
  };
  const sql = whereIn(selector, {
    ...{ messageId: 'm.id', identityId: 'm.identity_id', credentialId: 'm.credential_id' },
    ...{ reversePath: 'm.reverse_path', isHeld: isHeld('m'), value: given },
    id: (id) => given(messageIdBytes(id) ?? new Uint8Array(0)),
    isAmong: (column, among) => isAmong(column, given(JSON.stringify(among))),
  });
  return { sql, values };
}

/** In SQL. `json`: what stands for a list of text. */
export const isAmong = (column: string, json: string): string =>
  `${column} IN (SELECT value FROM json_each(${json}))`;
