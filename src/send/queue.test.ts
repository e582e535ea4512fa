// What the user of the queue names, and what reaches the server of this host for it.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
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

interface Place {
  readonly environment: Environment;
  readonly spool: Spool;
  /** Ids of what waits there. */
  queue(...recipients: readonly string[]): Promise<readonly string[]>;
  run(...args: readonly string[]): Promise<number>;
}

async function newPlace(t: TestContext): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-queue-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'send.yaml');
  writeFileSync(file, 'address: a@b.test\nsocket: submit.sock\nqueueDirectory: outgoing\n', { mode: 0o600 });
  const environment = { POSTERN_SEND_CONFIG: file };
  const config = await loadSendConfig(undefined, environment);
  const spool = await spoolOf(config, environment);
  return {
    ...{ environment, spool },
    async queue(...recipients) {
      for (const one of recipients) {
        const parcel = { reversePath: 'a@b.test', recipients: [one], content: Buffer.from('x') };
        await putOff(parcel, config, environment);
      }
      return spool.ids();
    },
    run: (...args) => manageQueue(readArguments(args, 'postern'), environment, () => undefined),
  };
}

/** Accepts all; gives the recipients it was handed. */
async function takingServer(t: TestContext, { environment }: Place): Promise<readonly string[]> {
  const taken: string[] = [];
  const { socket = '' } = await loadSendConfig(undefined, environment);
  mkdirSync(join(socket, '..', CLAIMS_DIRECTORY));
  let claims = 0;
  const server = createServer(async (request, response) => {
    const read: Buffer[] = [];
    for await (const part of request) read.push(part as Buffer);
    const [envelope = ''] = Buffer.concat(read).toString().split('\n');
    if (request.url === '/submit')
      taken.push(...(JSON.parse(envelope) as { recipients: readonly string[] }).recipients);
    const name = String((claims += 1)).padStart(26, '0');
    response.end(JSON.stringify({ name, address: 'a@b.test', type: 'accepted', refused: [] }));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => server.close().closeAllConnections());
  return taken;
}

test('a message that is named several times is sent once', async (t) => {
  const place = await newPlace(t);
  const [first = '', second = ''] = await place.queue('x@y.test', 'z@y.test');
  const taken = await takingServer(t, place);
  assert.equal(await place.run('--flush', first, second, first.toLowerCase(), first), EX.OK);
  assert.deepEqual(taken, ['x@y.test', 'z@y.test']);
  assert.deepEqual(await place.spool.ids(), []);
});

test('a message that is named several times is removed once', async (t) => {
  const place = await newPlace(t);
  const [first = '', second = ''] = await place.queue('x@y.test', 'z@y.test');
  assert.equal(await place.run('--remove', first, first.toLowerCase(), first), EX.OK);
  assert.deepEqual(await place.spool.ids(), [second]);
});
