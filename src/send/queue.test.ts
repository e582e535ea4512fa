// What the user of the queue names, and what reaches the server of this host for it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { EX } from '../base/sysexits.ts';
import { CLAIMS_DIRECTORY } from '../http/claims.ts';
import { readArguments } from './arguments.ts';
import { type Environment, loadSendConfig } from './config.ts';
import { putOff } from './deliver.ts';
import type { Spool } from './spool.ts';
import { spoolOf } from './parts.ts';
import { manageQueue } from './queue.ts';

const MAIN = join(import.meta.dirname, '../main.ts');

interface Place {
  readonly environment: Environment;
  readonly spool: Spool;
  /** Ids of what waits there. */
  queue(...recipients: readonly string[]): Promise<readonly string[]>;
  run(...args: readonly string[]): Promise<number>;
}

async function newPlace(t: TestContext, extra = 'address: a@b.test\n'): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-queue-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'send.yaml');
  writeFileSync(file, `${extra}socket: submit.sock\nqueueDirectory: outgoing\n`, { mode: 0o600 });
  mkdirSync(join(directory, CLAIMS_DIRECTORY));
  const environment = { POSTERN_SEND_CONFIG: file };
  const config = await loadSendConfig(undefined, environment);
  const spool = await spoolOf(config, environment);
  return {
    ...{ environment, spool },
    async queue(...recipients) {
      for (const one of recipients) {
        const outgoing = { reversePath: 'a@b.test', recipients: [one], content: Buffer.from('x') };
        await putOff(outgoing, config, environment);
      }
      return spool.ids();
    },
    run: (...args) => manageQueue(readArguments(args, 'postern'), environment, () => undefined),
  };
}

interface Taken {
  readonly reversePath: string;
  readonly recipients: readonly string[];
  readonly content: string;
}

/** Accepts all, of an account `a@b.test`; gives what it was handed. */
async function takingServer(t: TestContext, { environment }: Place): Promise<readonly Taken[]> {
  const taken: Taken[] = [];
  const { socket = '' } = await loadSendConfig(undefined, environment);
  let claims = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const read: Buffer[] = [];
    for await (const part of request) read.push(part as Buffer);
    const [envelope = '', ...content] = Buffer.concat(read).toString().split('\n');
    if (request.url === '/submit')
      taken.push({ ...(JSON.parse(envelope) as Taken), content: content.join('\n') });
    const name = String((claims += 1)).padStart(26, '0');
    response.end(JSON.stringify({ name, address: 'a@b.test', type: 'accepted', refused: [] }));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => server.close().closeAllConnections());
  return taken;
}

test('a message that is named several times is sent once', async (t) => {
  const place = await newPlace(t);
  const [first = '', second = ''] = await place.queue('x@y.test', 'z@y.test');
  const taken = await takingServer(t, place);
  assert.equal(await place.run('--flush', first, second, first.toLowerCase(), first), EX.OK);
  assert.deepEqual(
    taken.map(({ recipients }) => recipients),
    [['x@y.test'], ['z@y.test']],
  );
  assert.deepEqual(await place.spool.ids(), []);
});

test('a message that is named several times is removed once', async (t) => {
  const place = await newPlace(t);
  const [first = '', second = ''] = await place.queue('x@y.test', 'z@y.test');
  assert.equal(await place.run('--remove', first, first.toLowerCase(), first), EX.OK);
  assert.deepEqual(await place.spool.ids(), [second]);
});

const written = 'From: root\nTo: x@y.test, bob, a@b.test, a\nCc: root <root>\nSubject: ü\n\nFrom root\n';
const overSmtp = `EHLO here\r\nMAIL FROM:<>\r\nRCPT TO:<x@y.test>\r\nRCPT TO:<a@b.test>\r\nDATA\r\n${written.replaceAll('\n', '\r\n')}.\r\nQUIT\r\n`;

const stopped: readonly (readonly [
  why: string,
  settings: string,
  args: readonly string[],
  input: string,
  ends: Omit<Taken, 'content'>,
])[] = [
  [
    'offline',
    'queue: offline\n',
    ['-t'],
    written,
    { reversePath: 'a@b.test', recipients: ['x@y.test', 'bob@b.test', 'a@b.test', 'root@b.test'] },
  ],
  [
    'by --queue, with a domain of its own for names',
    'domain: own.test\n',
    ['--queue', '-t'],
    written,
    {
      reversePath: 'a@b.test',
      recipients: ['x@y.test', 'bob@own.test', 'a@b.test', 'a@own.test', 'root@own.test'],
    },
  ],
  [
    'as SMTP',
    'queue: offline\n',
    ['-bs'],
    overSmtp,
    { reversePath: '', recipients: ['x@y.test', 'a@b.test'] },
  ],
];

for (const [why, settings, args, input, ends] of stopped)
  test(`mail that finds the server of its host stopped waits, and goes out as the account's: ${why}`, async (t) => {
    const place = await newPlace(t, settings);
    const options = { input, encoding: 'utf8', env: { ...process.env, ...place.environment } } as const;
    const send = (...given: readonly string[]) =>
      spawnSync(process.execPath, [MAIN, 'send', ...given], options);
    const { status, stdout, stderr } = send(...args);
    assert.equal(status, EX.OK, `${stdout}${stderr}`);
    const [id = ''] = await place.spool.ids();
    const before = await place.spool.read(id);
    assert.equal(await place.run('--flush'), EX.TEMPFAIL);
    assert.deepEqual(await place.spool.read(id), before, 'it waits as it was');
    if (ends.reversePath !== '')
      assert.match(send('--list').stdout, /<own-account@not-known-yet\.invalid> +<x@y\.test> +waits/);

    const taken = await takingServer(t, place);
    assert.equal(await place.run('--flush'), EX.OK);
    assert.deepEqual(
      taken.map(({ reversePath, recipients }) => ({ reversePath, recipients })),
      [ends],
    );
    const [{ content } = { content: '' }] = taken;
    assert.match(content, /^From: a@b\.test\r\n/);
    assert.match(content, /\r\nMessage-ID: <[0-9a-z]{26}@b\.test>\r\n/);
    assert.match(content, /\r\n\r\nFrom root\r\n$/);
    assert.doesNotMatch(content, /\.invalid/);
  });
