// Large bodies as rows of 256 KiB. All parts of a body are full but the last, which is shorter, or empty: so what was cut off or has a hole is found, and taken
// for no body.

import type { MessageId } from '../../base/message-id.ts';
import { bytes } from '../row.ts';
import { uuidOfId } from './inflight.ts';
import type { Reader } from './reader.ts';
import type { Sql } from './sql.ts';
import { uuidOf } from './value-types.ts';

/** Of a part that is not the last. What was written stands: it never changes. */
export const PART_OCTETS = 256 * 1024;

const INSERT = 'INSERT INTO body (id, part, bytes) VALUES ($1, $2, $3)';

export async function insertPart(sql: Sql, id: MessageId, part: number, octets: Uint8Array): Promise<void> {
  await sql.run(INSERT, uuidOfId(id), part, octets);
}

export async function removeBody(sql: Sql, id: MessageId): Promise<void> {
  await sql.run('DELETE FROM body WHERE id = $1', uuidOfId(id));
}

export async function hasBody(sql: Sql, id: MessageId): Promise<boolean> {
  return (await sql.get('SELECT 1 AS found FROM body WHERE id = $1 LIMIT 1', uuidOfId(id))) !== undefined;
}

/** The first short part is the last one, and none is missing before it. */
const WHOLE = `SELECT count(*) = max(part) + 1 AND max(part) = min(part) FILTER (WHERE octets < ${PART_OCTETS}) AS whole
  FROM body_part WHERE id = $1`;

/**
 * Its parts are written without waiting for the disk: they are durable with the first commit behind them that waits. A server that fell down between loses the last
 * ones; a sweep that came while it was written removes the first ones.
 */
export async function isWhole(sql: Sql, id: MessageId): Promise<boolean> {
  return (await sql.get(WHOLE, uuidOfId(id)))?.['whole'] === true;
}

/** A front that fell down leaves what it was writing; an upload never takes so long, ms by the clock of the database: clocks of nodes differ. */
export const ORPHAN_MS = 86_400_000;
const SWEPT_MAX = 100;
const NO_ID = uuidOf(new Uint8Array(16));

/** From the first part that is there: what came after a sweep has others. */
const SWEEP = `
  WITH RECURSIVE walk (id, staged_at, n) AS (
    (SELECT id, staged_at, 1 FROM body WHERE id > $1 ORDER BY id, part LIMIT 1)
    UNION ALL
    SELECT b.id, b.staged_at, w.n + 1
      FROM walk w, LATERAL (SELECT id, staged_at FROM body WHERE id > w.id ORDER BY id, part LIMIT 1) AS b WHERE w.n < ${SWEPT_MAX}
  ), gone AS (
    DELETE FROM body b USING walk w WHERE b.id = w.id AND w.staged_at <= now() - interval '${ORPHAN_MS} ms'
      AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id = b.id)
      AND NOT EXISTS (SELECT 1 FROM inflight i WHERE i.id = b.id AND i.withdrawn_until IS NULL)
  )
  SELECT id FROM walk ORDER BY n DESC LIMIT 1`;

/** Removes old bodies that no message names, some at a time, from a position on. Gives where it goes on; undefined: these were all. */
export async function sweepBodies(sql: Sql, after = NO_ID): Promise<string | undefined> {
  const last = await sql.get(SWEEP, after);
  return last && uuidOf(bytes(last, 'id'));
}

/** Header and body of a queued message, or undefined if it is gone. */
export async function contentOf(
  reader: Reader,
  id: MessageId,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const key = uuidOfId(id);
  const [row] = await reader.copyOut(
    `SELECT staged, content FROM inflight WHERE id = '${key}' AND withdrawn_until IS NULL
       UNION ALL SELECT staged, bytes FROM content WHERE id = '${key}'`,
  );
  if (row === undefined) return undefined;
  const [staged, octets] = row;
  return pieces(octets ?? new Uint8Array(0), staged?.[0] === 1 ? partsOf(reader, id) : undefined);
}

async function* pieces(first: Uint8Array, rest?: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  if (rest !== undefined) yield* rest;
}

async function* partsOf(reader: Reader, id: MessageId): AsyncGenerator<Uint8Array> {
  for (let part = 0; ; part += 1) {
    const [row] = await reader.copyOut(
      `SELECT bytes FROM body WHERE id = '${uuidOfId(id)}' AND part = ${part}`,
    );
    const octets = row?.[0];
    if (octets === undefined || octets === null) throw new Error(`the body of ${id} is gone`);
    if (octets.length > 0) yield octets;
    if (octets.length < PART_OCTETS) return;
  }
}
