// The listening sockets of a front: what comes in is served by the front, or, from the address of the self-test, by the one whose lines are marked.

import type { Socket } from 'node:net';
import { createNotTaken } from '../observe/not-taken.ts';
import type { Log } from '../observe/log.ts';
import type { ListenAt } from '../platform/listen.ts';
import type { Clock } from '../platform/platform.ts';
import { serveConnection } from './connection.ts';
import type { FrontSettings } from './front-settings.ts';
import type { Front, ListenerHere } from './front.ts';

const BACKLOG = 1024;

/** As `listen` of src/platform/listen.ts. */
export type Listen = (
  at: ListenAt & { readonly share: boolean; readonly backlog: number },
  onConnection: (socket: Socket) => void,
  notTaken: (error: Error) => void,
) => Promise<{ close(): void }>;

export interface Listeners {
  /** Sessions from this address are the self-test's. */
  selfTestFrom: string | undefined;
  /** Once, however often it is called. Rejects with what `Listen` rejects with. */
  listen(): Promise<void>;
  /** No connection is taken from now on. */
  close(): void;
}

export function createListeners(o: {
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: FrontSettings;
  readonly front: Front;
  readonly selfTest: Front;
  readonly listen: Listen;
}): Listeners {
  const { settings } = o;
  const notTaken = createNotTaken(o.clock, o.log);
  const open: { close(): void }[] = [];
  let begun: Promise<void> | undefined;

  /** A socket that listens on all addresses names IPv4 clients in IPv6. */
  function frontFor({ remoteAddress }: Socket): Front {
    const isSelfTest =
      listeners.selfTestFrom !== undefined &&
      remoteAddress?.replace('::ffff:', '') === listeners.selfTestFrom;
    return isSelfTest ? o.selfTest : o.front;
  }

  async function listen(): Promise<void> {
    const { listeners: planned, share } = settings.plan;
    for (const listener of planned) {
      const { role, tls, port, address } = listener;
      const here: ListenerHere = {
        ...{ role, tls, port },
        handshakeMs: () => settings.plan.tlsHandshakeMs,
        session: settings.session(listener),
      };
      const at = { address, port, share, backlog: BACKLOG };
      const serve = (socket: Socket): void => serveConnection(frontFor(socket), here, socket);
      open.push(await o.listen(at, serve, (error) => notTaken(`port ${port}`, error)));
    }
  }

  const listeners: Listeners = {
    selfTestFrom: undefined,
    listen: () => (begun ??= listen()),
    close() {
      for (const one of open) one.close();
    },
  };
  return listeners;
}
