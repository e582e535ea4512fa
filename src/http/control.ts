// The control socket: HTTP and JSON over a 0600 Unix socket in the data directory. It carries use cases by name (src/administration), in the name of who
// proved to be at its other end; the few look-ups that leave no record; and what only a running server can do.

import { join } from 'node:path';
import { createServer } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { UseCaseFailure } from '../administration/failure.ts';
import type { AdministrationPorts } from '../administration/ports.ts';
import { administrationOf } from '../administration/use-cases.ts';
import { failureInWords } from '../base/failure-words.ts';
import { fromJson, toJson } from '../base/json.ts';
import type { Clock } from '../platform/platform.ts';
import { closeServer } from './close.ts';
import { type ControlPeers, createControlPeers } from './control-peers.ts';
import {
  type Act,
  CONTROL_SOCKET,
  type ControlLookups,
  controlLookups,
  type LookupAnswer,
  LOOKUPS_MAX,
  type ReloadResult,
} from './control-protocol.ts';
import { listenOnSocket } from './unix-socket.ts';

const BODY_OCTETS_MAX = 64 * 1024 * 1024;

export interface ControlActions {
  readonly administration: AdministrationPorts;
  readonly clock: Clock;
  status(): Promise<object>;
  reload(): Promise<ReloadResult>;
  /** A link into the console, made by this user of the operating system: for himself, or for an account. */
  consoleLink(who: string, login?: string): Promise<string>;
  notTaken(error: Error): void;
}

export async function startControl(
  dataDirectory: string,
  actions: ControlActions,
): Promise<() => Promise<void>> {
  const path = join(dataDirectory, CONTROL_SOCKET);
  const peers = createControlPeers(dataDirectory, actions.clock);
  const listener = getRequestListener(controlApp(actions, peers).fetch);
  const server = createServer((request, response) => void listener(request, response));
  await listenOnSocket(server, 'the control socket', path, 0o600, (error) => actions.notTaken(error));
  return () => closeServer(server);
}

function controlApp(actions: ControlActions, peers: ControlPeers): Hono<{ Bindings: HttpBindings }> {
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
  app.post('/claim', () => json(peers.claim()));
  app.post('/act', async ({ req, env: { outgoing } }) => {
    const result = await carryOut(actions, peers, (await body(req.raw)) as Act);
    return isInPieces(result) ? inPiecesTo(outgoing, result) : json(result);
  });
  app.post('/lookups', async (context) => {
    const asked = (await body(context.req.raw)) as readonly (readonly [string, readonly unknown[]])[];
    if (asked.length > LOOKUPS_MAX) return json('too many look-ups', 400);
    const { lookups } = actions.administration;
    return json(await Promise.all(asked.map(([method, args]) => lookUp(lookups, method, args))));
  });
  app.post('/console-link', async ({ req }) => {
    const { claim, login } = (await body(req.raw)) as Pick<Act, 'claim'> & { readonly login?: unknown };
    if (login !== undefined && typeof login !== 'string') throw new Error('a login is text');
    return json(await actions.consoleLink(peers.whoProved(claim), login));
  });
  app.get('/status', async () => json(await actions.status()));
  app.post('/reload', async () => json(await actions.reload()));
  return app;
}

async function carryOut(
  { administration }: ControlActions,
  peers: ControlPeers,
  { useCase, input, reason, claim }: Act,
): Promise<unknown> {
  const through = 'command line';
  const actor = { who: peers.whoProved(claim), through, role: 'admin' } as const;
  if (reason !== undefined && typeof reason !== 'string') throw new Error('a reason is text');
  const bound = administrationOf(administration, { ...actor, ...(reason === undefined ? {} : { reason }) });
  const named = Object.entries(bound).find(([name]) => name === useCase)?.[1] as
    ((input: unknown) => Promise<unknown>) | undefined;
  if (named === undefined) throw new Error(`there is no use case ${useCase}`);
  return named(input);
}

function isInPieces(result: unknown): result is AsyncIterable<Uint8Array> {
  return typeof result === 'object' && result !== null && Symbol.asyncIterator in result;
}

/** What goes wrong before the first piece is told in words. */
async function inPiecesTo(
  outgoing: HttpBindings['outgoing'],
  pieces: AsyncIterable<Uint8Array>,
): Promise<Response> {
  const iterator = pieces[Symbol.asyncIterator]();
  const end = (): void => void iterator.return?.();
  const first = await iterator.next();
  // The client may have left while it was made.
  if (outgoing.destroyed) end();
  else outgoing.once('close', end);
  async function* all(): AsyncGenerator<Uint8Array> {
    for (let piece = first; piece.done !== true; piece = await iterator.next()) yield piece.value;
  }
  return new Response(ReadableStream.from(all()) as ReadableStream<Uint8Array>, {
    headers: { 'content-type': 'application/octet-stream' },
  });
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
async function lookUp(
  lookups: ControlLookups,
  name: string,
  args: readonly unknown[],
): Promise<LookupAnswer> {
  const method = controlLookups.find((known) => known === name);
  if (method === undefined) return { error: `there is no look-up ${name}` };
  const look = lookups[method] as (...args: readonly unknown[]) => Promise<unknown>;
  try {
    return { value: await look(...args) };
  } catch (error) {
    return failureOf(error);
  }
}

function failureOf(error: unknown): LookupAnswer {
  if (error instanceof UseCaseFailure) return { error: error.message, name: error.name, kind: error.kind };
  return error instanceof Error
    ? { error: failureInWords(error), name: error.name }
    : { error: String(error) };
}
