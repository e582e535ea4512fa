// A server of PostgreSQL's protocol that a test plays: it says what few real ones can be made to.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { Address } from './connection.ts';

export function packet(type: string, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(5, type);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** An error or a notice. `routine`: in which function of PostgreSQL's source it arose. */
export function words(type: 'E' | 'N', severity: string, code: string, routine = 'as_it_is'): Uint8Array {
  return packet(type, `S${severity}\0V${severity}\0C${code}\0Mas it is\0R${routine}\0\0`);
}

/** Until the test is over. */
export async function playing(t: TestContext, play: (socket: Socket) => void): Promise<Address> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    play(socket);
  }).listen(0, '127.0.0.1');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server, 'listening');
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}
