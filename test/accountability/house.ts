// One running server for a file of tests: a next hop that takes down what it gets, users who log in, and the command line.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TraceAnswer, TracedMessage } from '../../src/audit/trace.ts';
import type { TrailEvent } from '../../src/record/events.ts';
import { delivered, eventually, PASSWORD, startServer, type TestServer } from '../system/server.ts';
import { type Ended, openShell, type Shell } from '../system/shell.ts';
import { type Client, openClient } from '../system/smtp-load.ts';
import { type Sink, startSink } from './sink.ts';

export const [alice, bob, carol, dave, erin] = ['alice', 'bob', 'carol', 'dave', 'erin'].map(
  (name) => `${name}@example.org`,
) as [string, string, string, string, string];
export const EHLO = 'client.example.net';

export interface Message {
  readonly from: string;
  readonly to: readonly string[];
  /** Beside From; with To, Subject etc. as needed. */
  readonly fields?: readonly string[];
  readonly body?: string;
}

/** One transaction; the first reply that is no success, or the final one. */
export async function submit(
  client: Client,
  { from, to, fields = [], body = 'hello' }: Message,
): Promise<string> {
  for (const line of [`MAIL FROM:<${from}>`, ...to.map((rcpt) => `RCPT TO:<${rcpt}>`), 'DATA']) {
    const reply = await client.command(line);
    if (!/^[23]/.test(reply)) return reply;
  }
  client.write([...fields, '', body, '.', ''].join('\r\n'));
  return client.reply();
}

export const idOf = (reply: string): string => {
  const id = /^250 2\.0\.0 queued as ([0-9A-Z]{26})$/.exec(reply)?.[1];
  assert.ok(id !== undefined, reply);
  return id;
};

/** The end of a session that the server ends: its last words. */
export async function lastWords(client: Client): Promise<string> {
  const closed = new Promise((resolve) => client.socket.once('close', resolve));
  const words = await client.reply();
  await closed;
  return words;
}

/** An export leaves a record too, which is no business of these tests. */
const isExport = (event: TrailEvent): boolean =>
  event.type === 'lookedUp' && event.payload?.action === 'audit export';

export class House {
  readonly server: TestServer;
  readonly sink: Sink;
  readonly #shell: Shell;

  private constructor(server: TestServer, sink: Sink, shell: Shell) {
    this.server = server;
    this.sink = sink;
    this.#shell = shell;
  }

  static async open(): Promise<House> {
    const sink = await startSink();
    const server = await startServer({
      mx: true,
      accounts: [alice, bob, carol, dave, erin],
      relay: [
        'relay:',
        '  files: ./outbox',
        '  retry: [1s]',
        `  routes: { sink.example: { smarthost: "smtp://127.0.0.1:${sink.port}" } }`,
      ].join('\n'),
      // The network of this test is as trusted as one can be.
      extra: `limits: { exempt: [127.0.0.0/8] }\npostmaster: ${bob}`,
    });
    return new House(server, sink, await openShell(server.directory));
  }

  async close(): Promise<void> {
    this.#shell.close();
    await this.server[Symbol.asyncDispose]();
    this.sink.server.close();
  }

  session(login: string, password = PASSWORD): Promise<Client> {
    return openClient({ port: this.server.submission, login, password });
  }

  postern(args: readonly string[]): Promise<Ended> {
    return this.#shell.run([...args, '-c', this.server.config]);
  }

  /** The message as it left, by the id of its 250. */
  copyOf(id: string): Promise<string> {
    return eventually(`delivery of ${id}`, 10, () =>
      delivered(this.server.outbox)
        .find(({ name }) => name === `${id}.eml`)
        ?.bytes.toString('latin1'),
    );
  }

  async traced(
    what: string,
    ...options: readonly string[]
  ): Promise<{ readonly status: number; readonly answer: TraceAnswer }> {
    const { status, stdout, stderr } = await this.postern(['trace', what, '--json', ...options]);
    assert.ok(stdout !== '', stderr);
    return { status, answer: JSON.parse(stdout) as TraceAnswer };
  }

  async tracedOne(id: string): Promise<TracedMessage> {
    const { status, answer } = await this.traced(id);
    assert.equal(status, 0);
    assert.deepEqual(
      answer.messages.map((message) => message.id),
      [id],
    );
    return answer.messages[0] as TracedMessage;
  }

  file(name: string, content: string): string {
    const path = join(this.server.directory, name);
    writeFileSync(path, content, 'latin1');
    return path;
  }

  async exported(...options: readonly string[]): Promise<readonly TrailEvent[]> {
    const { status, stdout, stderr } = await this.postern(['audit', 'export', ...options]);
    assert.equal(status, 0, stderr);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as TrailEvent).filter((event) => !isExport(event));
  }

  async account(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.postern(['account', ...args]);
    assert.equal(status, 0, stderr);
    return stdout;
  }

  /** The last test of each file. */
  testThatAllHolds(): void {
    test('D-TR-3: after all of it the chain holds, and nothing of it was a bug', async () => {
      const { status, stdout } = await this.postern(['audit', 'verify']);
      assert.equal(status, 0, stdout);
      assert.doesNotMatch(this.server.log(), /"a bug|thread died/);
    });
  }
}
