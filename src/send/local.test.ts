// A server on this host that does not run, or cuts the connection, and what programs that hand in mail are told.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EX } from '../base/sysexits.ts';
import { CLAIMS_DIRECTORY } from '../http/claims.ts';
import { askOwnAddress, localCarrier } from './local.ts';
import { addressBook } from './names.ts';

test('who sends is not known while the server is stopped: that passes; without any server it does not', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-send-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const socket = join(directory, 'submit.sock');
  assert.deepEqual(await askOwnAddress(socket), {});
  mkdirSync(join(directory, CLAIMS_DIRECTORY));
  const unknownYet = `the server on this host does not run (${socket})`;
  assert.deepEqual(await askOwnAddress(socket), { unknownYet });
  const host = 'plain';
  assert.throws(() => addressBook({ aliases: new Map(), unknownYet }, { user: () => 'www', host }).own(), {
    code: EX.TEMPFAIL,
    message: unknownYet,
  });
  assert.throws(() => addressBook({ aliases: new Map() }, { user: () => 'www', host }).own(), {
    code: EX.CONFIG,
  });
});

const cuts = [
  ['before it is proven who we are, each time', '/claim', 'yes', EX.TEMPFAIL, true],
  ['behind the message', '/submit', 'mayDouble', EX.UNAVAILABLE, false],
] as const;

for (const [when, route, again, code, isOfHost] of cuts)
  test(`a connection that is cut ${when}: ${again === 'yes' ? 'try again' : 'it may have arrived'}`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'postern-send-'));
    t.after(() => rmSync(directory, { recursive: true }));
    mkdirSync(join(directory, CLAIMS_DIRECTORY));
    let claims = 0;
    const server = createServer((request, response) => {
      if (request.url === route) request.socket.destroy();
      else response.end(JSON.stringify({ name: String((claims += 1)).padStart(26, '0') }));
    });
    const path = join(directory, 'submit.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    t.after(() => server.close().closeAllConnections());
    const carrier = localCarrier(path);
    const parcel = { reversePath: 'a@b.test', recipients: ['x@y.test'], content: Buffer.from('x') };
    const verdict = await carrier.carry(parcel);
    await carrier.close();
    assert.deepEqual([verdict.code, verdict.isOfHost, verdict.left[0]?.again], [code, isOfHost, again]);
  });
