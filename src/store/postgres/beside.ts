// What a writer does beside the changes it is asked for, over a connection of its own, one piece at a time.

import type { Connection } from './connection.ts';

export interface Beside {
  /** After what was begun before. Rejects with `ConnectionLost` too. */
  inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function workBeside(connection: Connection): Beside {
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const done = last.then(() => work(connection));
    last = done.catch(() => undefined);
    return done;
  }

  return { inTurn, close: () => inTurn((its) => its.close()) };
}
