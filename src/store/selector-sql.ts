// A queue selector as SQL over `recipient r`, for every engine on SQL: every given field must match.

import { firstIdOf, type MessageId } from '../base/message-id.ts';
import type { HopDomains } from './hop-domains.ts';
import type { QueueSelector } from './selector.ts';

/** How an engine spells what is its own. */
export interface SelectorSql {
  readonly messageId: string;
  readonly identityId: string;
  readonly credentialId: string;
  readonly reversePath: string;
  readonly isHeld: string;
  /** Takes a value of the statement, gives what stands for it. */
  value(value: number | string): string;
  id(id: MessageId): string;
  /** That the column has one of these values. */
  isAmong(this: void, column: string, values: readonly string[]): string;
}

export function whereOf(selector: QueueSelector, sql: SelectorSql): string {
  const { messageId, recipientNumber, identityId, credentialId, from, to, domain, held, dueAfter } = selector;
  const { nextHop, acceptedSince, acceptedBefore } = selector;
  const is = (column: string, value: number | string | undefined): readonly string[] =>
    value === undefined ? [] : [`${column} = ${sql.value(value)}`];
  const parts = [
    ...(messageId === undefined ? [] : [`${sql.messageId} = ${sql.id(messageId)}`]),
    ...is('r.number', recipientNumber),
    ...is(sql.identityId, identityId),
    ...is(sql.credentialId, credentialId),
    ...is(sql.reversePath, from),
    ...is('r.forward_path', to),
    ...is('r.domain', domain?.toLowerCase()),
    ...(nextHop === undefined ? [] : [isOfHop('r.domain', nextHop, sql)]),
    ...(acceptedSince === undefined ? [] : [`${sql.messageId} >= ${sql.id(firstIdOf(acceptedSince))}`]),
    ...(acceptedBefore === undefined ? [] : [`${sql.messageId} < ${sql.id(firstIdOf(acceptedBefore))}`]),
    ...(dueAfter === undefined ? [] : [`r.due_at > ${sql.value(dueAfter)}`]),
    ...(held === undefined ? [] : [held ? sql.isHeld : `NOT ${sql.isHeld}`]),
  ];
  return parts.length === 0 ? 'true' : parts.join(' AND ');
}

/** In SQL, of a column with a domain. */
export function isOfHop(
  column: string,
  { domains, takes }: HopDomains,
  { isAmong }: Pick<SelectorSql, 'isAmong'>,
): string {
  const among = isAmong(column, domains);
  return takes === 'these' ? among : `NOT ${among}`;
}
