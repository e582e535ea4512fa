// A next hop for several nodes, with a port for each, so that it knows who sent what: counts each message by its Message-ID. Some it does not take the first
// time, so that mail waits in the store too.

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { converse } from './crash-hop.ts';

export interface Taking {
  readonly messageId: string;
  /** Who sent it. */
  readonly node: number;
  /** By the monotonic clock, ms. */
  readonly at: number;
}

export interface CountingHop extends AsyncDisposable {
  portOf(node: number): number;
  /** In the order of taking; a message that stands twice was taken twice. */
  readonly taken: readonly Taking[];
  /** What is taken of this node from now on, it is not told of; gives a function that tells it. What is not taken is told at once: nobody has a copy of it. */
  hold(node: number): () => void;
  /** So many it was not told of. */
  readonly untold: number;
}

class Port {
  readonly sockets = new Set<Socket>();
  readonly server: Server;
  /** Replies that wait. Absent: none does. */
  held: (() => void)[] | undefined;

  constructor(end: (content: string) => string) {
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
      converse(socket, (content) => {
        const reply = end(content);
        const tell = (): void => void socket.write(`${reply}\r\n`);
        const taken = reply.startsWith('2');
        if (this.held === undefined || !taken) tell();
        else this.held.push(tell);
      });
    });
  }
}

export async function startCountingHop(nodes: number): Promise<CountingHop> {
  const taken: Taking[] = [];
  const refused = new Set<string>();
  let count = 0;
  const ports = Array.from(
    { length: nodes },
    (_, node) =>
      new Port((content) => {
        count += 1;
        const messageId = /^Message-ID: (.*)\r$/im.exec(content)?.[1] ?? '';
        if (count % 4 === 0 && !refused.has(messageId)) {
          refused.add(messageId);
          return '451 4.3.0 not now';
        }
        taken.push({ messageId, node, at: performance.now() });
        return '250 2.0.0 taken';
      }),
  );
  for (const { server } of ports)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const portOf = (node: number): Port => {
    const port = ports[node];
    if (port === undefined) throw new Error(`there is no node ${node}`);
    return port;
  };
  return {
    taken,
    hold(node) {
      const port = portOf(node);
      const held: (() => void)[] = [];
      port.held = held;
      return () => {
        port.held = undefined;
        for (const tell of held) tell();
      };
    },
    get untold() {
      return ports.reduce((sum, { held = [] }) => sum + held.length, 0);
    },
    portOf: (node) => (portOf(node).server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const { server, sockets } of ports) {
        for (const socket of sockets) socket.destroy();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}
