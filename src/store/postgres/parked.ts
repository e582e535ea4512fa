// Mail of identities that may not send, as claims met it: put aside, so that no claim meets it again, a bounded part at a time, and put back in the same
// way when the identity may send again. The identity's row is locked meanwhile: nothing is put aside once it may.

import { holdBit } from '../held.ts';
import { number, type Row, text } from '../row.ts';
import type { Work } from './change.ts';
import { keyValues, OF_TAKEN, type RecipientKey, taken } from './recipient-key.ts';
import type { Sql } from './sql.ts';

/** Recipients that one claim puts aside, and that one puts back. */
export const PARKED_MAX = 100;

/** Identities that one claim puts mail back of. */
const IDENTITIES_MAX = 10;

/** The row is written once: each further version would be met by every look at it until it can be cleared away. */
const STOPPED = `
  WITH stopped AS MATERIALIZED (SELECT id, parked FROM identity WHERE id = ANY($1::text[]) AND state <> 'active' ORDER BY id FOR UPDATE),
    marked AS (UPDATE identity i SET parked = true FROM stopped WHERE i.id = stopped.id AND NOT stopped.parked)
  SELECT id FROM stopped`;

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
  UPDATE recipient r SET held = r.held & ~${holdBit.identity} ${OF_TAKEN} RETURNING r.domain, r.due_at`;

/** What another has just locked is put back later. */
const FORGET = `
  UPDATE identity SET parked = false WHERE id = $1
    AND NOT EXISTS (SELECT 1 FROM recipient r WHERE r.identity_id = $1 AND r.held & ${holdBit.identity} <> 0)`;

/** Puts some of the mail back whose identities may send again. True: there is more. */
export async function putBack(work: Work): Promise<boolean> {
  let left = PARKED_MAX;
  for (const row of await work.sql.all(UNPARKED)) {
    left -= await putBackOf(work, row, left);
    if (left === 0) return true;
  }
  return false;
}

async function putBackOf({ sql, node }: Work, identity: Row, max: number): Promise<number> {
  const id = text(identity, 'id');
  const back = await sql.all(PUT_BACK, id, max);
  // As it was due before.
  for (const row of back) node.floors.bring(number(row, 'due_at'), text(row, 'domain'));
  if (back.length < max) await sql.run(FORGET, id);
  return back.length;
}
