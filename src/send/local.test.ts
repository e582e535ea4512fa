// A server on this host that does not run, or cuts the connection, and what programs that hand in mail are told.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { EX } from '../base/sysexits.ts';
import { CLAIMS_DIRECTORY } from '../http/claims.ts';
import { askOwnAddress, localCarrier } from './local.ts';
import { addressBook } from './names.ts';

/** A submission socket. */
async function serving(t: TestContext, listener: RequestListener): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-send-'));
  t.after(() => rmSync(directory, { recursive: true }));
  mkdirSync(join(directory, CLAIMS_DIRECTORY));
  const path = join(directory, 'submit.sock');
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => server.close().closeAllConnections());
  return path;
}

test('who sends is not known while the server is stopped: that passes; without any server it does not', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-send-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const socket = join(directory, 'submit.sock');
  assert.deepEqual(await askOwnAddress(socket), {});
  mkdirSync(join(directory, CLAIMS_DIRECTORY));
  const unknownYet = `the server on this host does not run (${socket})`;
  assert.deepEqual(await askOwnAddress(socket), { unknownYet });
  const host = 'plain';
  // A name of the host to guess a domain by changes nothing: its server knows better.
  assert.throws(
    () => addressBook({ aliases: new Map(), unknownYet }, { user: () => 'www', host: 'vm.b.test' }).own(),
    { code: EX.TEMPFAIL },
  );
  assert.throws(() => addressBook({ aliases: new Map(), unknownYet }, { user: () => 'www', host }).own(), {
    code: EX.TEMPFAIL,
    message: unknownYet,
  });
  assert.throws(() => addressBook({ aliases: new Map() }, { user: () => 'www', host }).own(), {
    code: EX.CONFIG,
  });
});

const busy = [
  ['it does not take us now', 503, { error: 'busy: try again' }, 'busy: try again'],
  ['it fails', 500, {}, 'status 500'],
  ['what it says is no answer', 200, 'hello', 'the answer is no JSON: this is no submission socket'],
] as const;

for (const [when, status, body, problem] of busy)
  test(`who sends is not known yet while ${when}: such mail may wait`, async (t) => {
    const path = await serving(t, (_, response) => {
      response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    assert.deepEqual(await askOwnAddress(path), { unknownYet: `the server on this host: ${problem}` });
  });

const cuts = [
  ['before it is proven who we are, each time', '/claim', 'yes', EX.TEMPFAIL, true],
  ['after the message', '/submit', 'mayDouble', EX.UNAVAILABLE, false],
] as const;

for (const [when, route, again, code, isOfHost] of cuts)
  test(`a connection that is cut ${when}: ${again === 'yes' ? 'try again' : 'it may have arrived'}`, async (t) => {
    let claims = 0;
    const path = await serving(t, (request, response) => {
      if (request.url === route) request.socket.destroy();
      else response.end(JSON.stringify({ name: String((claims += 1)).padStart(26, '0') }));
    });
    const carrier = localCarrier(path);
    const outgoing = { reversePath: 'a@b.test', recipients: ['x@y.test'], content: Buffer.from('x') };
    const verdict = await carrier.carry(outgoing);
    await carrier.close();
    assert.deepEqual([verdict.code, verdict.isOfHost, verdict.left[0]?.again], [code, isOfHost, again]);
  });
