// Claim: leases what is due. What it takes is chosen over what it has read; what another takes meanwhile is left out.

import { sameNext } from '../lanes.ts';
import type { ClaimChange, OutcomeOf, QueuedMessage } from '../port.ts';
import { mayNotSend } from '../held.ts';
import { bytes, type Row } from '../row.ts';
import type { Work } from './change.ts';
import { chooseDue } from './due.ts';
import { putBack } from './parked.ts';
import { keyOfRow, keyValues, OF_TAKEN, type RecipientKey, taken } from './recipient-key.ts';
import { deliveryOfRow, MESSAGE_COLUMNS, messageOfRow, RECIPIENT_COLUMNS } from './rows.ts';
import type { Sql } from './sql.ts';
import { uuidOf } from './value-types.ts';

export async function claim(work: Work, change: ClaimChange): Promise<OutcomeOf<ClaimChange>> {
  const { sql } = work;
  const before = await askedBefore(sql, change);
  if (before.length > 0)
    return {
      ...(await claimed(sql, await stillOurs(work, change, before))),
      ...sameNext(change),
      more: true,
    };
  const { floors } = work.node;
  floors.begin();
  const isPartlyBack = await putBack(work);
  const { keys, round, isCut, looks } = await chooseDue(work, change);
  const leased = await lease(work, change, keys);
  work.afterCommit(() => floors.looked(looks, work.now));
  return {
    ...(await claimed(sql, leased)),
    ...round,
    ...(isPartlyBack || isCut ? { more: true, cut: true } : {}),
  };
}

/** What its token has leased already. */
function askedBefore(sql: Sql, { owner, token }: ClaimChange): Promise<readonly Row[]> {
  return sql.all(
    `SELECT ${RECIPIENT_COLUMNS}, ${mayNotSend('r')} AS may_not_send FROM recipient r WHERE r.owner = $1 AND r.claim = $2
       ORDER BY r.domain, r.due_at, r.message_id, r.number`,
    ...[owner, token],
  );
}

const GIVE_BACK = `${taken('FOR UPDATE')}
  UPDATE recipient r SET owner = NULL ${OF_TAKEN} AND taken.owner = $3 AND taken.claim = $4`;

/** Who asks again may not have heard of a suspension since: what that identity has is nobody's again. */
async function stillOurs(
  { sql, node, afterCommit }: Work,
  { owner, token }: ClaimChange,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  const suspended = rows.filter((row) => row['may_not_send'] === true);
  if (suspended.length > 0) {
    await sql.run(GIVE_BACK, ...keyValues(suspended.map(keyOfRow)), owner, token);
    afterCommit(() => node.floors.forget());
  }
  return rows.filter((row) => row['may_not_send'] !== true);
}

const LEASE = `${taken('FOR UPDATE SKIP LOCKED')}
  UPDATE recipient r SET owner = $4, claim = $5, attempt = r.attempt + 1 ${OF_TAKEN}
    AND taken.owner IS NULL AND taken.held = 0 AND taken.due_at <= $3 RETURNING ${RECIPIENT_COLUMNS}`;

/** In the order of the keys. */
async function lease(
  { sql, now }: Work,
  { owner, token }: ClaimChange,
  keys: readonly RecipientKey[],
): Promise<readonly Row[]> {
  if (keys.length === 0) return [];
  const rows = await sql.all(LEASE, ...keyValues(keys), now, owner, token);
  const byKey = new Map(rows.map((row) => [asText(keyOfRow(row)), row] as const));
  return keys.map((key) => byKey.get(asText(key))).filter((row) => row !== undefined);
}

const asText = ({ messageId, number }: RecipientKey): string => `${messageId} ${number}`;

type Claimed = Extract<OutcomeOf<ClaimChange>, { type: 'claimed' }>;

/** `rows`: with `RECIPIENT_COLUMNS`. */
async function claimed(sql: Sql, rows: readonly Row[]): Promise<Omit<Claimed, 'next' | 'more'>> {
  const ids = [...new Set(rows.map((row) => uuidOf(bytes(row, 'message_id'))))];
  const found =
    ids.length === 0
      ? []
      : await sql.all(`SELECT ${MESSAGE_COLUMNS} FROM message m WHERE m.id = ANY($1::uuid[])`, ids);
  const byId = new Map<string, QueuedMessage>(
    found.map((row) => [uuidOf(bytes(row, 'id')), messageOfRow(row)]),
  );
  return {
    type: 'claimed',
    deliveries: rows.map((row) => deliveryOfRow(row)),
    messages: ids.flatMap((id) => byId.get(id) ?? []),
  };
}
