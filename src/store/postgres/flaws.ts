// Why a server could not be started on a PostgreSQL, of what is known without making anything there: all of it at once, as a start tells the first only.

import { failureInWords } from '../../base/failure-words.ts';
import type { Clock } from '../../platform/platform.ts';
import { connect, type Connection, ConnectionLost, type PostgresServer } from './connection.ts';
import { assertFinished } from './copy-marks.ts';
import { assertCouldMigrate } from './migration.ts';
import { placeFlaws } from './place-checks.ts';
import { asStoreError } from './refusals.ts';
import { assertFit } from './server-checks.ts';
import { sqlOver } from './sql.ts';

/** For an answer, ms. */
const ANSWER_MS_MAX = 5_000;

/** A sentence each, with the way out. */
export async function flawsOf(server: PostgresServer, clock: Clock): Promise<readonly string[]> {
  const inWords = (error: unknown): string => failureInWords(asStoreError(error, server));
  let connection: Connection;
  try {
    connection = await connect(server, { clock, answerMsMax: ANSWER_MS_MAX });
  } catch (error) {
    return [inWords(error)];
  }
  const flaws: string[] = [];
  try {
    for (const look of [fit, tables, copy, placeFlaws]) {
      try {
        flaws.push(...(await look(connection, server)));
      } catch (error) {
        flaws.push(inWords(error));
        if (error instanceof ConnectionLost) break;
      }
    }
  } finally {
    await connection.close();
  }
  return flaws;
}

const NONE: readonly string[] = [];

const fit = (connection: Connection, { isReplicated }: PostgresServer): Promise<readonly string[]> =>
  assertFit(connection, isReplicated === true).then(() => NONE);

const tables = (connection: Connection): Promise<readonly string[]> =>
  assertCouldMigrate(connection).then(() => NONE);

const copy = (connection: Connection): Promise<readonly string[]> =>
  assertFinished(sqlOver(connection)).then(() => NONE);
