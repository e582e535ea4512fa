// What a server says as few real ones can be made to: played by a socket that answers each query with what it is given.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { connect, type Connection, ConnectionLost } from './connection.ts';

function packet(type: string, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(5, type);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const words = (type: 'E' | 'N', severity: string, code: string): Uint8Array =>
  packet(type, `S${severity}\0V${severity}\0C${code}\0Mas it is\0\0`);
const READY = packet('Z', 'I');
const COMMITTED = packet('C', 'COMMIT\0');

/** Resolves to a connection whose server answers the first query so. */
async function answeredBy(t: TestContext, ...answer: readonly Uint8Array[]): Promise<Connection> {
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([packet('R', Uint8Array.of(0, 0, 0, 0)), READY]));
      socket.once('data', () => socket.write(Buffer.concat(answer)));
    });
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connection = await connect(
    { hosts: [{ host: '127.0.0.1', port }], database: 'd', user: 'u' },
    { clock: virtualClock(0), readOnly: true },
  );
  t.after(() => {
    connection.destroy('the test is over');
    server.close();
  });
  return connection;
}

interface Vector {
  readonly why: string;
  readonly said: readonly Uint8Array[];
  readonly known: 'done' | 'refused' | 'lost';
}

const vectors: readonly Vector[] = [
  { why: 'a commit', said: [COMMITTED, READY], known: 'done' },
  { why: 'a notice', said: [words('N', 'NOTICE', '00000'), COMMITTED, READY], known: 'done' },
  { why: 'no standby', said: [words('N', 'WARNING', '01000'), COMMITTED, READY], known: 'lost' },
  { why: 'no standby, in German', said: [words('N', 'WARNUNG', '01000'), COMMITTED, READY], known: 'lost' },
  { why: 'a full disk', said: [words('E', 'ERROR', '53100'), READY], known: 'refused' },
  { why: 'a full disk, in German', said: [words('E', 'FEHLER', '53100'), READY], known: 'refused' },
  { why: 'no room for the log: it may be there', said: [words('E', 'PANIC', '53100')], known: 'lost' },
  { why: 'a session that is over', said: [words('E', 'FATAL', '25P03')], known: 'lost' },
  { why: 'a shutdown, in French', said: [words('E', 'FATALE', '57P01')], known: 'lost' },
];

for (const { why, said, known } of vectors)
  test(`what is known after ${why}`, async (t) => {
    const connection = await answeredBy(t, ...said);
    const asked = connection.exec('COMMIT');
    if (known === 'done') assert.equal(await asked, 'COMMIT');
    else if (known === 'refused') await assert.rejects(asked, { name: 'SqlError', code: '53100' });
    else await assert.rejects(asked, ConnectionLost);
  });
