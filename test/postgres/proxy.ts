// A line that a test can break: a proxy on loopback between clients and one server. It freezes a way, at once or within a message, lets go again,
// or cuts. What it does holds for all its connections, and for those to come.

import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from 'node:net';

const POSTGRES_PORT = 5432;

export type Way = 'toServer' | 'toClient';

export interface Proxy extends AsyncDisposable {
  /** Of the server, by way of the proxy: TCP, also where the server listens on a Unix socket. */
  readonly url: string;
  /** Connections whose client is still there. */
  readonly connections: number;
  /** Nothing passes; what comes is held, as by a network that sends it again later. Default: both ways. */
  freeze(way?: Way): void;
  /** The same, as soon as so many more octets (at least 1) have passed; resolves then. */
  freezeAfter(way: Way, octets: number): Promise<void>;
  /** What is held passes, in order. */
  thaw(): void;
  /** Closes the connections. With one side: that side alone, and the other waits for what never comes. What is held is lost. */
  cut(side?: 'server' | 'client'): void;
  /** Closes each new connection at once, until told otherwise. */
  refuse(refused: boolean): void;
}

/** One way of one connection. */
interface Flow {
  readonly from: Socket;
  readonly to: Socket;
  readonly held: Buffer[];
  ended: boolean;
}

/** One way of all connections. */
class Lane {
  readonly #flows = new Set<Flow>();
  #octetsLeft = Infinity;
  #reached = (): void => undefined;

  freeze(): void {
    this.#octetsLeft = 0;
  }

  freezeAfter(octets: number): Promise<void> {
    this.#octetsLeft = octets;
    return new Promise((resolve) => (this.#reached = resolve));
  }

  thaw(): void {
    this.#octetsLeft = Infinity;
    for (const flow of this.#flows) this.#pass(flow);
  }

  add(from: Socket, to: Socket): void {
    const flow: Flow = { from, to, held: [], ended: false };
    this.#flows.add(flow);
    from.on('data', (data: Buffer) => {
      flow.held.push(data);
      this.#pass(flow);
    });
    const end = (): void => {
      flow.ended = true;
      this.#pass(flow);
    };
    // Not of a socket that is closed here.
    from.on('end', end).on('error', end);
    to.on('close', () => this.#flows.delete(flow));
  }

  #pass({ to, held, ended }: Flow): void {
    for (let data = held.shift(); data !== undefined; data = held.shift()) {
      const part = data.subarray(0, this.#octetsLeft);
      this.#octetsLeft -= part.length;
      const reached = this.#octetsLeft === 0 ? this.#reached : undefined;
      if (part.length > 0) to.write(part, () => reached?.());
      if (part.length < data.length) {
        held.unshift(data.subarray(part.length));
        return;
      }
    }
    if (ended && this.#octetsLeft > 0) to.end();
  }
}

export async function proxyTo(server: string): Promise<Proxy> {
  const lanes = { toServer: new Lane(), toClient: new Lane() };
  const sides = { server: new Set<Socket>(), client: new Set<Socket>() };
  let refused = false;
  const keep = (side: Set<Socket>, socket: Socket): void => {
    side.add(socket);
    socket.on('close', () => side.delete(socket)).on('error', () => undefined);
  };
  const listener = createServer((client) => {
    if (refused) {
      client.destroy();
      return;
    }
    const upstream = connect(targetOf(server));
    keep(sides.client, client);
    keep(sides.server, upstream);
    lanes.toServer.add(client, upstream);
    lanes.toClient.add(upstream, client);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const cut: Proxy['cut'] = (side) => {
    for (const each of side === undefined ? (['server', 'client'] as const) : [side])
      for (const socket of sides[each]) socket.destroy();
  };
  return {
    url: urlThrough(server, (listener.address() as AddressInfo).port),
    get connections() {
      return sides.client.size;
    },
    freeze(way) {
      for (const each of way === undefined ? (['toServer', 'toClient'] as const) : [way])
        lanes[each].freeze();
    },
    freezeAfter: (way, octets) => lanes[way].freezeAfter(octets),
    thaw() {
      lanes.toServer.thaw();
      lanes.toClient.thaw();
    },
    cut,
    refuse: (is) => void (refused = is),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => listener.close(resolve));
      cut();
      await closed;
    },
  };
}

function targetOf(server: string): NetConnectOpts {
  const { hostname, port, searchParams } = new URL(server);
  const socketDirectory = searchParams.get('host');
  if (socketDirectory === null) return { host: hostname, port: Number(port || POSTGRES_PORT) };
  return { path: `${socketDirectory}/.s.PGSQL.${port || POSTGRES_PORT}` };
}

function urlThrough(server: string, port: number): string {
  const url = new URL(server);
  url.searchParams.delete('host');
  url.host = `127.0.0.1:${port}`;
  return url.href;
}
