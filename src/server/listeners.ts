// The listening sockets of a front: what comes in is served by the front, or, from the address of the self-test, by the one whose lines are marked.

import type { Socket } from 'node:net';
import { networkList } from '../base/network-list.ts';
import { createNotTaken } from '../observe/not-taken.ts';
import type { Log } from '../observe/log.ts';
import type { ListenAt } from '../platform/listen.ts';
import type { Clock } from '../platform/platform.ts';
import { serveConnection } from './connection.ts';
import type { Ends } from './conversation.ts';
import type { FrontSettings } from './front-settings.ts';
import type { Front, ListenerHere } from './front.ts';
import type { ListenerPlan } from './plan.ts';
import { Proxied } from './proxied.ts';

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
  const proxied = new Proxied();
  const open: { close(): void }[] = [];
  let begun: Promise<void> | undefined;

  function serverFor(listener: ListenerPlan): (socket: Socket) => void {
    const { role, tls, port, proxy = [] } = listener;
    const here: ListenerHere = {
      ...{ role, tls, port },
      handshakeMs: () => settings.plan.tlsHandshakeMs,
      session: settings.session(listener),
    };
    const isProxy = networkList(proxy);
    return (socket) => {
      const ends = endsOf(socket);
      const { address } = ends.remote;
      // It comes by loopback, as a proxy on this host does, and speaks for itself.
      if (address === listeners.selfTestFrom) serveConnection(o.selfTest, here, socket, ends);
      else if (proxy.length > 0 && isProxy(address)) proxied.serve(o.front, here, socket, ends);
      else serveConnection(o.front, here, socket, ends);
    };
  }

  async function listen(): Promise<void> {
    const { listeners: planned, share } = settings.plan;
    for (const listener of planned) {
      const { port, address } = listener;
      const at = { address, port, share, backlog: BACKLOG };
      open.push(await o.listen(at, serverFor(listener), (error) => notTaken(`port ${port}`, error)));
    }
  }

  const listeners: Listeners = {
    selfTestFrom: undefined,
    listen: () => (begun ??= listen()),
    close() {
      for (const one of open) one.close();
      proxied.close();
    },
  };
  return listeners;
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): Ends {
  return {
    remote: { address: plainAddress(remoteAddress), port: remotePort ?? 0 },
    local: { address: plainAddress(localAddress), port: localPort ?? 0 },
  };
}

/** `::ffff:192.0.2.1` is the IPv4 client it names: a socket that listens on all addresses names IPv4 clients in IPv6. */
function plainAddress(address: string | undefined): string {
  return address?.startsWith('::ffff:') === true && address.includes('.')
    ? address.slice(7)
    : (address ?? '');
}
