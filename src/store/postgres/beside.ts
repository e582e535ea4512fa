// What a writer does beside the changes it is asked for, over a connection of its own, one piece at a time: it hears what other writers did.

import { connect, type PostgresServer } from './connection.ts';
import type { Clock } from '../../platform/platform.ts';
import type { Hearing } from './hearing.ts';
import { sqlOver } from './sql.ts';

export interface Beside {
  /** Tells at once of what other writers have committed. Rejects with `ConnectionLost`. */
  hear(): Promise<void>;
  close(): Promise<void>;
}

export interface BesideOptions {
  readonly server: PostgresServer;
  readonly clock: Clock;
  /** For an answer, ms. */
  readonly answerMsMax: number;
  readonly hearing: Hearing;
}

export async function workBeside({ server, hearing, ...options }: BesideOptions): Promise<Beside> {
  const connection = await connect(server, options);
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  }

  return {
    hear: () => inTurn(() => hearing.hear(sqlOver(connection))),
    close: () => inTurn(() => connection.close()),
  };
}
