// Every dialog once more, against a real server over real sockets and real TLS.

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startServer, type TestServer } from '../system/server.ts';
import { type Dialog, groups, parseDialogs, replyFlaw, replyProblem, ReplyStream } from './dialog.ts';

const ANSWER_MS = 20_000;
let server: TestServer;

before(async () => {
  server = await startServer({
    mx: true,
    extra: 'limits: { unauthenticatedPerNetwork: 1000, newConnections: none, identity: { messagesPerHour: none, recipientsPerHour: none, nullSenderPerHour: none } }',
  });
  const granted = server.postern(['account', 'rights', 'alice@example.org', 'add', 'sales@example.org']);
  assert.equal(granted.status, 0, granted.stderr);
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

class Client {
  readonly #stream = new ReplyStream();
  #socket: Socket;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#attach(socket);
  }

  #attach(socket: Socket): void {
    socket.on('data', (bytes: Buffer) => {
      this.#stream.push(bytes.toString('latin1'));
      this.#wake();
    });
    const ended = (): void => {
      this.#closed = true;
      this.#wake();
    };
    socket.on('end', ended);
    socket.on('close', ended);
    socket.on('error', ended);
  }

  send(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  async startTls(): Promise<void> {
    this.#socket.removeAllListeners();
    const ca = readFileSync(server.certificate);
    const secured = connectTls({ socket: this.#socket, servername: 'msa.example.org', ca });
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve);
      secured.once('error', reject);
    });
    this.#socket = secured;
    this.#attach(secured);
  }

  async #until<T>(look: () => T | undefined, what: string): Promise<T> {
    const limit = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`no ${what} in ${ANSWER_MS} ms`)), ANSWER_MS).unref());
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), limit]);
    }
  }

  reply(): Promise<readonly string[] | 'closed'> {
    return this.#until(() => this.#stream.take() ?? (this.#closed ? 'closed' : undefined), 'reply');
  }

  async closed(): Promise<void> {
    await this.#until(() => (this.#closed ? true : undefined), 'close');
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

async function play({ start, steps }: Dialog): Promise<void> {
  const client = new Client(connect(start.startsWith('mx') ? server.mx : server.submission, '127.0.0.1'));
  let last: readonly string[] = [];
  let first = true;
  try {
    for (const step of groups(steps)) {
      if (step.type === 'send') client.send(step.bytes);
      else if (step.type === 'tls') await client.startTls();
      else if (step.type === 'close') await client.closed();
      else if (step.type === 'reply') {
        const reply = await client.reply();
        assert.ok(reply !== 'closed', `expected "${step.text}", the server closed`);
        assert.equal(replyProblem(step, reply.at(-1) ?? ''), undefined);
        assert.equal(replyFlaw(reply, first), undefined);
        last = reply;
        first = false;
      } else {
        const found = last.some((line) => line.slice(4).startsWith(step.word));
        assert.equal(found, step.type === 'has', `${step.word} in ${last.join(' | ')}`);
      }
    }
  } finally {
    client.destroy();
  }
}

for (const file of globSync('test/dialogs/*.txt').sort()) {
  for (const dialog of parseDialogs(file)) test(dialog.name, () => play(dialog));
}

test('D-TR-3: after all of it the chain of the trail holds', () => {
  const verified = server.postern(['audit', 'verify']);
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);
});
