// The control socket: HTTP and JSON over a 0600 Unix socket in the data directory. It carries the store's port and its
// look-ups by name, so that a command is written once, whether a server runs or not; and what only a running server can do.

import { join } from 'node:path';
import { createServer } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { failureInWords } from '../base/failure-words.ts';
import { fromJson, toJson } from '../base/json.ts';
import { lookupMethods, type Lookups } from '../store/lookups.ts';
import type { Change, Store } from '../store/port.ts';
import { closeServer } from './close.ts';
import { CONTROL_SOCKET, type LookupAnswer, LOOKUPS_MAX, type ReloadResult } from './control-protocol.ts';
import { listenOnSocket } from './unix-socket.ts';

const BODY_OCTETS_MAX = 64 * 1024 * 1024;

export interface ControlActions {
  readonly store: Store;
  readonly lookups: Lookups;
  status(): Promise<object>;
  reload(): Promise<ReloadResult>;
  /** A copy of the store, in pieces; whoever asks closes it. */
  backup(): Promise<{
    readonly octets: number;
    readonly content: AsyncIterable<Uint8Array>;
    close(): Promise<void>;
  }>;
  notTaken(error: Error): void;
}

export async function startControl(
  dataDirectory: string,
  actions: ControlActions,
): Promise<() => Promise<void>> {
  const path = join(dataDirectory, CONTROL_SOCKET);
  const listener = getRequestListener(controlApp(actions).fetch);
  const server = createServer((request, response) => void listener(request, response));
  await listenOnSocket(server, 'the control socket', path, 0o600, (error) => actions.notTaken(error));
  return () => closeServer(server);
}

function controlApp(actions: ControlActions): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>();
  const json = (value: unknown, status = 200): Response => answer(toJson({ value }), status);

  async function body(request: Request): Promise<unknown> {
    const text = await request.text();
    if (text.length > BODY_OCTETS_MAX) throw new Error('request too large');
    return fromJson(text);
  }

  app.onError((error) => answer(toJson(failureOf(error)), 500));
  app.notFound(() =>
    answer(toJson({ error: 'the running server knows no such question: is it of another version?' }), 404),
  );
  app.post('/commit', async (context) =>
    json(await actions.store.commit((await body(context.req.raw)) as readonly Change[])),
  );
  app.post('/lookups', async (context) => {
    const asked = (await body(context.req.raw)) as readonly (readonly [string, readonly unknown[]])[];
    if (asked.length > LOOKUPS_MAX) return json('too many look-ups', 400);
    return json(await Promise.all(asked.map(([method, args]) => lookUp(actions.lookups, method, args))));
  });
  app.get('/content/:id', async (context) => {
    const content = await actions.lookups.content(context.req.param('id'));
    if (content === undefined) return json('gone', 404);
    return new Response(ReadableStream.from(content) as ReadableStream<Uint8Array>);
  });
  app.get('/status', async () => json(await actions.status()));
  app.post('/reload', async () => json(await actions.reload()));
  app.post('/backup', async ({ env: { outgoing } }) => {
    const { octets, content, close } = await actions.backup();
    // The client may have left while the answer was made.
    if (outgoing.destroyed) await close();
    else outgoing.once('close', () => void close());
    return new Response(ReadableStream.from(content) as ReadableStream<Uint8Array>, {
      headers: { 'content-type': 'application/vnd.sqlite3', 'content-length': String(octets) },
    });
  });
  return app;
}

/** The client relies on the length (src/http/own-socket.ts). */
function answer(text: string, status: number): Response {
  const body = Buffer.from(text);
  return new Response(body, {
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
  });
}

/** One question of several: an error is the answer of this one alone. */
async function lookUp(lookups: Lookups, name: string, args: readonly unknown[]): Promise<LookupAnswer> {
  const method = lookupMethods.find((known) => known === name);
  if (method === undefined) return { error: `there is no look-up ${name}` };
  const look = lookups[method] as (...args: readonly unknown[]) => Promise<unknown>;
  try {
    return { value: await look(...args) };
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): LookupAnswer {
  return error instanceof Error
    ? { error: failureInWords(error), name: error.name }
    : { error: String(error) };
}
