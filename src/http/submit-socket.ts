// The submission socket: where programs of this host submit without a password, as the identity that the configuration binds to their user. Everybody
// may connect, so it has three routes and nothing else: `/claim` names the file that proves the user (submit-peers.ts), `/submit` takes a message, `/address`
// tells the user as whom that is. Connections, octets, time and messages under way are bounded (submit-admission.ts); it shares nothing with the control socket.
// A second socket is for root alone, with connections of its own: whatever users do to the first one, root's mail gets through.

import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { LF } from '../base/bytes.ts';
import { LineClosed } from '../platform/line.ts';
import type { Clock } from '../platform/platform.ts';
import type { Binding } from '../server/bound-account.ts';
import type { LocalAnswer, LocalMessage } from '../server/local-submission.ts';
import { type UserClaims, CLAIMS_DIRECTORY, openClaims } from './claims.ts';
import { closeServer } from './close.ts';
import { busy, refuserOf, type SubmitAnswer } from './submit-answer.ts';
import { SubmitPeers } from './submit-peers.ts';
import {
  CONNECTIONS_PER_DOOR,
  createSubmitAdmission,
  doorsOf,
  type SubmitAdmission,
} from './submit-admission.ts';
import { listenOnSocket } from './unix-socket.ts';

const UNDER_WAY_MAX = 4;
const UNDER_WAY_PER_USER = 3;
const HEADER_OCTETS_MAX = 8 * 1024;
const ENVELOPE_OCTETS_MAX = 1024 * 1024;
const REQUEST_MS = 60_000;
const IDLE_MS = 10_000;

export interface SubmitSocketOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Octets of a message; read for each. */
  messageOctetsMax(): number;
  /** Undefined: this user is bound to no identity. */
  bindingOf(uid: number): Binding | undefined;
  /** That such a user sends as, where nothing else is said. */
  addressOf(
    binding: Binding,
  ): Promise<{ readonly address: string | undefined } | { readonly noAccount: string }>;
  submit(message: LocalMessage): Promise<LocalAnswer>;
  refused(uid: number | undefined, cause: string): void;
  notTaken(error: Error): void;
}

export async function startSubmitSocket(options: SubmitSocketOptions): Promise<() => Promise<void>> {
  const { path } = options;
  const directory = dirname(path);
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o755);
  }
  const doors: OpenDoor[] = [];
  const closeAll = () => Promise.all(doors.map(({ server }) => closeServer(server, 0)));
  try {
    for (const door of doorsOf(path)) doors.push(await openDoor(options, door));
    // Only now: the claims in it may be those of a server that has the socket.
    const claims = openClaims(join(directory, CLAIMS_DIRECTORY), options.clock);
    for (const { server, admission } of doors) {
      const handle = handler(options, claims, admission);
      server.on('request', (request, response) => void handle(request, response));
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  return async () => void (await closeAll());
}

interface OpenDoor {
  readonly server: Server;
  readonly admission: SubmitAdmission;
}

async function openDoor(
  options: SubmitSocketOptions,
  { path, mode }: { readonly path: string; readonly mode: number },
): Promise<OpenDoor> {
  const { clock } = options;
  const admission = createSubmitAdmission({
    ...{ clock, messagesMax: UNDER_WAY_MAX, messagesPerUser: UNDER_WAY_PER_USER },
  });
  const server = createServer({ maxHeaderSize: HEADER_OCTETS_MAX, connectionsCheckingInterval: 1000 });
  server.on('connection', (socket) => admission.entered(socket));
  server.maxConnections = CONNECTIONS_PER_DOOR;
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = IDLE_MS;
  server.keepAliveTimeout = IDLE_MS;
  await listenOnSocket(server, 'local.socket', path, mode, (error) => options.notTaken(error));
  return { server, admission };
}

function handler(options: SubmitSocketOptions, claims: UserClaims, admission: SubmitAdmission) {
  const refuse = refuserOf(options.clock, (uid, cause) => options.refused(uid, cause));
  const peers = new SubmitPeers(claims, admission, (uid) => options.bindingOf(uid), refuse);

  async function address(request: IncomingMessage): Promise<SubmitAnswer> {
    const binding = peers.bindingOf(request.socket);
    if ('status' in binding) return binding;
    const found = await options.addressOf(binding);
    if ('noAccount' in found) return { ...refuse(binding.uid, found.noAccount), last: true };
    return { status: 200, body: found };
  }

  async function submit(request: IncomingMessage): Promise<SubmitAnswer> {
    const binding = peers.bindingOf(request.socket);
    if ('status' in binding) return binding;
    const ended = admission.beginMessage(binding.uid);
    if (ended === undefined) return busy('busy: try again');
    try {
      const bytes = await readBody(request, options.messageOctetsMax() + ENVELOPE_OCTETS_MAX);
      if (bytes === undefined) return { status: 413, body: { error: 'the message is too large' } };
      const message = messageOf(bytes, binding);
      if (message === undefined) return { status: 400, body: { error: 'no envelope' } };
      return { status: 200, body: await options.submit(message) };
    } catch (error) {
      // A thread that died may have accepted it.
      const mayBeAccepted = error instanceof LineClosed;
      return { status: 503, body: { error: 'the server has trouble: try again later', mayBeAccepted } };
    } finally {
      ended();
    }
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    request.on('error', () => response.destroy());
    response.on('error', () => request.destroy());
    const route = `${request.method} ${request.url}`;
    let answer: SubmitAnswer = { status: 404, body: { error: 'there is no such route' } };
    try {
      if (route === 'POST /claim') answer = peers.claim(request.socket);
      else if (route === 'POST /address') answer = await address(request);
      else if (route === 'POST /submit') answer = await submit(request);
    } catch {
      answer = { status: 503, body: { error: 'the server has trouble: try again later' } };
    }
    send(request, response, answer);
  };
}

/** What was not read of a request is read and dropped: the client may still write, and shall see the answer. */
function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, last }: SubmitAnswer,
): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
    ...(last === true ? { connection: 'close' } : {}),
  });
  response.end(text);
  request.resume();
}

async function readBody(request: IncomingMessage, octetsMax: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let octets = 0;
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    octets += (part as Buffer).length;
    if (octets > octetsMax) return undefined;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

/** The envelope in JSON on the first line, then the message. */
function messageOf(bytes: Buffer, { osUser, login }: Binding): LocalMessage | undefined {
  const end = bytes.subarray(0, ENVELOPE_OCTETS_MAX).indexOf(LF);
  let envelope: unknown;
  try {
    envelope = end < 0 ? undefined : JSON.parse(bytes.toString('utf8', 0, end));
  } catch {
    return undefined;
  }
  if (typeof envelope !== 'object' || envelope === null) return undefined;
  // Judged by `readEnvelope` in the front. An array of its own: it crosses to another thread.
  return {
    ...{ osUser, login, envelope: envelope as LocalMessage['envelope'] },
    content: new Uint8Array(bytes.subarray(end + 1)),
  };
}
