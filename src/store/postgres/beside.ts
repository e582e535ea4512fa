// What a writer does beside the changes it is asked for, over a connection of its own, one piece at a time.

import type { Clock } from '../../platform/platform.ts';
import { connect, type Connection, type PostgresServer } from './connection.ts';

export interface Beside {
  /** After what was begun before. Rejects with `ConnectionLost` too. */
  inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** `answerMsMax`: for one answer, ms. */
export async function workBeside(
  server: PostgresServer,
  options: { readonly clock: Clock; readonly answerMsMax: number },
): Promise<Beside> {
  const connection = await connect(server, options);
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const done = last.then(() => work(connection));
    last = done.catch(() => undefined);
    return done;
  }

  return { inTurn, close: () => inTurn((its) => its.close()) };
}
