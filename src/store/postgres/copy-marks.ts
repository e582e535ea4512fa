// How far a copy into this store has come, in the table `copying`, which is there until the copy is done.

import { StoreUnfinished, UNFINISHED } from '../engine-errors.ts';
import { number, optionalText, text } from '../row.ts';
import { type Kind, NotEmpty, type Page, type Progress } from '../transfer.ts';
import type { Connection, Statement } from './connection.ts';
import { inTransaction, type Sql, sqlOver } from './sql.ts';

const IS_COPYING = "SELECT to_regclass('copying') IS NOT NULL AS is";
const ORIGIN = 'origin';

/** Its mail would leave, and the copy could not go on. Rejects with `StoreUnfinished`. */
export async function assertFinished(sql: Sql): Promise<void> {
  if ((await sql.get(IS_COPYING))?.['is'] === true) throw new StoreUnfinished(`the database ${UNFINISHED}`);
}

const IS_EMPTY = `SELECT NOT EXISTS (SELECT 1 FROM event) AND NOT EXISTS (SELECT 1 FROM identity) AND NOT EXISTS (SELECT 1 FROM inflight)
  AND NOT EXISTS (SELECT 1 FROM message) AND NOT EXISTS (SELECT 1 FROM shared_key) AS is`;

/** A copy of the store that has this origin was begun; false: it may be. Rejects with `NotEmpty`. */
export async function isBegun(sql: Sql, origin: string): Promise<boolean> {
  if ((await sql.get(IS_COPYING))?.['is'] === true) {
    const begun = await sql.get('SELECT after FROM copying WHERE name = $1', ORIGIN);
    if (text(begun ?? {}, 'after') === origin) return true;
    throw new NotEmpty(
      'the database holds a copy that was begun of another store, or of this one as it was before: name another database, or drop this one and make it again',
    );
  }
  if ((await sql.get(IS_EMPTY))?.['is'] !== true)
    throw new NotEmpty(
      'the database holds a store already, if only the one that a first start of `postern serve` or `postern account add` has made: name another database, or, if nobody needs what is in this one, drop it and make it again',
    );
  return false;
}

/** Begins a copy of the store that has this origin, or finds that one begun. Rejects with `NotEmpty`. */
export async function beginCopy(connection: Connection, origin: string): Promise<void> {
  if (await isBegun(sqlOver(connection), origin)) return;
  await inTransaction(connection, async (transaction) => {
    await connection.exec(
      'CREATE TABLE copying (name text PRIMARY KEY, after text, rows bigint NOT NULL, done bool NOT NULL)',
    );
    await transaction.run('INSERT INTO copying VALUES ($1, $2, 0, false)', ORIGIN, origin);
    // Those of the source come.
    await transaction.run('DELETE FROM chain');
  });
}

export async function progressOf(sql: Sql, kind: Kind): Promise<Progress> {
  const row = (await sql.get('SELECT after, rows, done FROM copying WHERE name = $1', kind)) ?? {};
  const after = optionalText(row, 'after');
  return {
    ...(after === undefined ? {} : { after }),
    ...{ rows: number(row, 'rows'), isDone: row['done'] === true },
  };
}

export function noteOf(kind: Kind, { rows, next }: Page<Kind>): Statement {
  return {
    sql: `INSERT INTO copying VALUES ($1, $2, $3, $4)
      ON CONFLICT (name) DO UPDATE SET after = excluded.after, rows = copying.rows + excluded.rows, done = excluded.done`,
    values: [kind, next ?? null, rows.length, next === undefined],
  };
}

export async function endCopy(sql: Sql): Promise<void> {
  await sql.run('DROP TABLE copying');
}
