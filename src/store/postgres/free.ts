// Free: leases are given back without an attempt having been made.

import type { FreeChange, OutcomeOf } from '../port.ts';
import { begins } from './begins.ts';
import type { Work } from './change.ts';
import { file, fileOfOwners, notInHand, uuidOfId } from './inflight.ts';
import { inOrder, OF_TAKEN } from './recipient-key.ts';

/** Messages that are filed in one statement. */
const FILED_MAX = 500;

export async function free(
  work: Work,
  { ownerPrefix, only, dueAt }: FreeChange,
): Promise<OutcomeOf<FreeChange>> {
  const count =
    only === undefined
      ? await freeAll(work, ownerPrefix, dueAt)
      : await freeThese(work, ownerPrefix, only, dueAt);
  if (count > 0) {
    work.afterCommit(() => work.node.floors.bring(dueAt));
    work.notice({ type: 'due' });
  }
  return { type: 'freed', count };
}

/** Waits for what is just being settled: the rest of that message would stay leased to who is gone. Sorted as a row, by which no index goes: the index of owners is to be used. */
const FREE_ALL = `
  WITH taken AS MATERIALIZED (
    SELECT r.message_id, r.number FROM recipient r WHERE r.owner IS NOT NULL AND ${begins('r.owner', '$1')}
      ORDER BY (r.message_id, r.number) FOR UPDATE
  )
  UPDATE recipient r SET owner = NULL, due_at = $2 ${OF_TAKEN}`;

async function freeAll(work: Work, ownerPrefix: string, dueAt: number): Promise<number> {
  for (let isAll = false; !isAll;) {
    const ids = await fileOfOwners(work.sql, ownerPrefix, FILED_MAX, 'FOR UPDATE');
    isAll = ids.length < FILED_MAX;
  }
  // Others may have filed some before.
  work.afterCommit(() => work.node.inHand.letGoOf(ownerPrefix));
  return work.sql.run(FREE_ALL, ownerPrefix, dueAt);
}

const FREE_THESE = `
  WITH taken AS MATERIALIZED (
    SELECT r.* FROM unnest($1::uuid[], $2::int[], $3::int[]) AS k (message_id, number, attempt), LATERAL (
      SELECT r.message_id, r.number FROM recipient r
        WHERE r.message_id = k.message_id AND r.number = k.number AND r.attempt = k.attempt AND r.owner IS NOT DISTINCT FROM $4 FOR UPDATE
    ) AS r
  )
  UPDATE recipient r SET owner = NULL, due_at = $5 ${OF_TAKEN}`;

async function freeThese(
  work: Work,
  owner: string,
  only: NonNullable<FreeChange['only']>,
  dueAt: number,
): Promise<number> {
  const ids = only.map(({ messageId }) => messageId);
  await file(work, ...ids);
  notInHand(work, ids);
  const keys = inOrder(
    only.map(({ messageId, recipientNumber, attempt }) => ({
      ...{ messageId: uuidOfId(messageId), number: recipientNumber, attempt },
    })),
  );
  return work.sql.run(
    FREE_THESE,
    keys.map(({ messageId }) => messageId),
    keys.map((key) => key.number),
    keys.map(({ attempt }) => attempt),
    owner,
    dueAt,
  );
}
