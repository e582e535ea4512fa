// Questions over a Unix socket, to a server that answers them well and to some that do not.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { askSocket } from './own-socket.ts';

const directory = mkdtempSync(join(tmpdir(), 'postern-socket-'));
after(() => rmSync(directory, { recursive: true }));
let count = 0;

async function listening(server: Server): Promise<string> {
  const path = join(directory, `${(count += 1)}.sock`);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

/** Says these pieces to whoever asks, each in a turn of its own, and closes. */
async function saying(...pieces: readonly string[]): Promise<string> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      const say = (at: number): void => {
        if (at < pieces.length) socket.write(pieces[at] ?? '', () => setImmediate(say, at + 1));
        else socket.end();
      };
      say(0);
    });
  });
  after(() => server.close());
  return listening(server);
}

test('the question arrives whole, and so does the answer, with its status', async () => {
  const server = createHttpServer((request, response) => {
    let heard = '';
    request.setEncoding('utf8').on('data', (text: string) => (heard += text));
    request.on('end', () => {
      const text = `${request.method} ${request.url} ${heard}`;
      response.writeHead(404, { 'content-length': Buffer.byteLength(text) }).end(text);
    });
  });
  after(() => server.close());
  const path = await listening(server);
  for (const sent of ['', 'ü', 'x'.repeat(1_000_000)]) {
    const { status, body } = await askSocket(path, 'POST', '/lookups', sent);
    assert.equal(status, 404);
    assert.equal(body.toString(), `POST /lookups ${sent}`);
  }
});

test('an answer may come in any pieces', async () => {
  const whole = 'HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello';
  const { status, body } = await askSocket(await saying(...whole), 'GET', '/status');
  assert.deepEqual([status, body.toString()], [200, 'hello']);
});

test('a bad answer is an error, never half an answer', async () => {
  const ask = async (...pieces: readonly string[]) => askSocket(await saying(...pieces), 'GET', '/status');
  await assert.rejects(ask('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello'), /closed its connection/);
  await assert.rejects(ask('HTTP/1.1 200 OK\r\n'), /closed its connection/);
  await assert.rejects(ask('HTTP/1.1 200 OK\r\n\r\nhello'), /unknown length/);
  await assert.rejects(ask('HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n'), /too long/);
  await assert.rejects(ask('x'.repeat(70_000)), /no answer of our server/);
});

test('nobody there is told by the error of the system', async () => {
  await assert.rejects(askSocket(join(directory, 'none.sock'), 'GET', '/status'), { code: 'ENOENT' });
});
