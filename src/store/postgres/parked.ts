// Mail of identities that may not send, as claims met it: put aside, so that no claim meets it again, a bounded part at a time, and put back in the same
// way when the identity may send again. The identity's row is locked meanwhile: nothing is put aside once it may.

import { holdBit } from '../held.ts';
import { type Row, text } from '../row.ts';
import { keyValues, OF_TAKEN, type RecipientKey, taken } from './recipient-key.ts';
import type { Sql } from './sql.ts';

/** Recipients that one claim puts aside, and that one puts back. */
export const PARKED_MAX = 100;

/** Identities that one claim puts mail back of. */
const IDENTITIES_MAX = 10;

const STOPPED = `
  WITH stopped AS (SELECT id FROM identity WHERE id = ANY($1::text[]) AND state <> 'active' ORDER BY id FOR UPDATE)
  UPDATE identity i SET parked = true FROM stopped WHERE i.id = stopped.id RETURNING i.id`;

const PUT_ASIDE = `${taken('FOR UPDATE SKIP LOCKED')}
  UPDATE recipient r SET held = r.held | ${holdBit.identity} ${OF_TAKEN}
    AND taken.owner IS NULL AND taken.held = 0 AND taken.identity_id = ANY($3::text[])`;

export interface Met extends RecipientKey {
  readonly identityId: string;
}

export async function putAside(sql: Sql, met: readonly Met[]): Promise<void> {
  const identities = [...new Set(met.map(({ identityId }) => identityId))];
  const stopped = await sql.all(STOPPED, identities);
  const ids = stopped.map((row) => text(row, 'id'));
  await sql.run(PUT_ASIDE, ...keyValues(met), ids);
}

const UNPARKED = `SELECT id FROM identity WHERE parked AND state = 'active' ORDER BY id LIMIT ${IDENTITIES_MAX} FOR UPDATE SKIP LOCKED`;

const PUT_BACK = `
  WITH taken AS MATERIALIZED (
    SELECT r.message_id, r.number FROM recipient r WHERE r.identity_id = $1 AND r.held & ${holdBit.identity} <> 0
      ORDER BY r.message_id, r.number LIMIT $2 FOR UPDATE SKIP LOCKED
  )
  UPDATE recipient r SET held = r.held & ~${holdBit.identity} ${OF_TAKEN}`;

/** What another has just locked is put back later. */
const FORGET = `
  UPDATE identity SET parked = false WHERE id = $1
    AND NOT EXISTS (SELECT 1 FROM recipient r WHERE r.identity_id = $1 AND r.held & ${holdBit.identity} <> 0)`;

/** Puts some of the mail back whose identities may send again. True: there is more. */
export async function putBack(sql: Sql): Promise<boolean> {
  let left = PARKED_MAX;
  for (const row of await sql.all(UNPARKED)) {
    left -= await putBackOf(sql, row, left);
    if (left === 0) return true;
  }
  return false;
}

async function putBackOf(sql: Sql, identity: Row, max: number): Promise<number> {
  const id = text(identity, 'id');
  const count = await sql.run(PUT_BACK, id, max);
  if (count < max) await sql.run(FORGET, id);
  return count;
}
