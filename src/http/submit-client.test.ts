// The client of the submission socket, against a server that lets go of connections at each step.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CLAIMS_DIRECTORY } from './claims.ts';
import { MayBeHandedIn, openSubmitClient, SubmitSocketBusy } from './submit-client.ts';

const root = mkdtempSync(join(tmpdir(), 'postern-submit-client-'));
after(() => rmSync(root, { recursive: true, force: true }));

/** `cut`: without an answer; `close`: after the answer; `expire`: the claim counts no more. */
type Deed = 'cut' | 'close' | 'expire';
/** What is done the first times that a route is asked for; `always`: each time. */
type Deeds = Readonly<Partial<Record<'/claim' | '/address' | '/submit', readonly Deed[] | 'always'>>>;

/** Knows whom it has proven by the connection, as the real one does. */
function handlerOf(deeds: Deeds, submitted: string[]) {
  const asked = new Map<string, number>();
  const claimed = new WeakSet<object>();
  const proven = new WeakSet<object>();
  let names = 0;

  function answerTo(route: string, socket: object, content: string): readonly [number, object] {
    if (route === '/claim') {
      claimed.add(socket);
      return [200, { name: String((names += 1)).padStart(26, '0') }];
    }
    if (claimed.delete(socket)) proven.add(socket);
    if (!proven.has(socket)) return [401, { error: 'ask for /claim first' }];
    if (route === '/submit') submitted.push(content);
    return [200, { address: 'a@b.test' }];
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const route = request.url ?? '';
    const { socket } = request;
    const time = asked.get(route) ?? 0;
    asked.set(route, time + 1);
    const ofRoute = deeds[route as keyof Deeds];
    const deed = ofRoute === 'always' ? 'cut' : ofRoute?.[time];
    let content = '';
    for await (const part of request) content += String(part);
    if (deed === 'expire') claimed.delete(socket);
    const [status, body] = answerTo(route, socket, content);
    if (deed === 'cut') return void socket.destroy();
    const text = JSON.stringify(body);
    response.writeHead(status, { 'content-length': Buffer.byteLength(text) });
    response.end(text, () => {
      if (deed === 'close') socket.destroy();
    });
  };
}

const rows: readonly (readonly [why: string, deeds: Deeds, ends: 'in' | 'busy' | 'cut', handedIn: number])[] =
  [
    ['nothing is cut', {}, 'in', 1],
    ['cut before it has a claim', { '/claim': ['cut', 'cut'] }, 'in', 1],
    ['cut after the claim, before it is proven', { '/claim': ['close', 'close'] }, 'in', 1],
    ['cut while it is being proven', { '/address': ['cut', 'cut'] }, 'in', 1],
    ['the claim expired', { '/address': ['expire'] }, 'in', 1],
    ['let go when it was proven', { '/address': ['close'] }, 'in', 1],
    ['never proven', { '/address': 'always' }, 'busy', 0],
    ['cut when it was handed in: it may have arrived', { '/submit': ['cut'] }, 'cut', 1],
  ];

for (const [at, [why, deeds, ends, handedIn]] of rows.entries())
  test(`F-DOS-2/3: a message is handed in once, and only by who is proven: ${why}`, async (t) => {
    const directory = join(root, String(at));
    mkdirSync(join(directory, CLAIMS_DIRECTORY), { recursive: true });
    const socketPath = join(directory, 'submit.sock');
    const submitted: string[] = [];
    const handle = handlerOf(deeds, submitted);
    const server = createServer((request, response) => void handle(request, response));
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    t.after(() => server.close().closeAllConnections());
    const client = openSubmitClient(socketPath);
    t.after(() => client.close());
    const reply = client.submit({ recipients: [] }, Buffer.from('message'));
    if (ends === 'in') assert.equal((await reply).status, 200);
    else await assert.rejects(reply, ends === 'busy' ? SubmitSocketBusy : MayBeHandedIn);
    assert.deepEqual(
      submitted,
      Array.from({ length: handedIn }, () => '{"recipients":[]}\nmessage'),
    );
  });
