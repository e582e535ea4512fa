// The submission socket: where programs of this host submit without a password, as the identity that the configuration binds to their user. Everybody
// may connect, so it has three routes and nothing else: `/claim` names the file that proves the user (claims.ts), `/submit` takes a message, `/address`
// tells the user as whom that is. Connections, octets, time and messages under way are bounded; it shares nothing with the control socket.

import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { LF } from '../base/bytes.ts';
import { LineClosed } from '../platform/line.ts';
import type { Clock } from '../platform/platform.ts';
import type { LocalAnswer, LocalMessage } from '../server/local-submission.ts';
import { type Claim, CLAIMS_DIRECTORY, openClaims } from './claims.ts';
import { closeServer } from './close.ts';
import { listenOnSocket } from './unix-socket.ts';

const CONNECTIONS_MAX = 64;
const UNDER_WAY_MAX = 4;
const HEADER_OCTETS_MAX = 8 * 1024;
const ENVELOPE_OCTETS_MAX = 1024 * 1024;
const REQUEST_MS = 60_000;
const IDLE_MS = 10_000;
const REFUSALS_PER_MINUTE = 20;
const MINUTE_MS = 60_000;

export interface Binding {
  readonly osUser: string;
  readonly login: string;
}

export interface SubmitSocketOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Octets of a message; read anew for each. */
  messageOctetsMax(): number;
  /** Undefined: this user is bound to no identity. */
  bindingOf(uid: number): Binding | undefined;
  /** That such a user sends as, where nothing else is said. */
  addressOf(binding: Binding): Promise<string | undefined>;
  submit(message: LocalMessage): Promise<LocalAnswer>;
  refused(uid: number | undefined, cause: string): void;
}

export interface SubmitAnswer {
  readonly status: number;
  readonly body: object;
}

export async function startSubmitSocket(options: SubmitSocketOptions): Promise<() => Promise<void>> {
  const { path } = options;
  const directory = dirname(path);
  if (!existsSync(directory)) {
    mkdirSync(directory, { recursive: true });
    chmodSync(directory, 0o755);
  }
  const server = createServer({ maxHeaderSize: HEADER_OCTETS_MAX, connectionsCheckingInterval: 1000 });
  server.maxConnections = CONNECTIONS_MAX;
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = IDLE_MS;
  server.keepAliveTimeout = IDLE_MS;
  await listenOnSocket(server, 'local.socket', path, 0o666);
  try {
    // Only now: the claims in it may be those of a server that has the socket.
    const handle = handler(options, join(directory, CLAIMS_DIRECTORY));
    server.on('request', (request, response) => void handle(request, response));
  } catch (error) {
    await closeServer(server, 0);
    throw error;
  }
  return () => closeServer(server, 0);
}

interface Peer {
  claim?: Claim;
  uid?: number;
}

function handler(options: SubmitSocketOptions, directory: string) {
  const claims = openClaims(directory, options.clock);
  const peers = new WeakMap<Socket, Peer>();
  const mayTell = refusalGate(options.clock);
  let underWay = 0;

  function peerOf(socket: Socket): Peer {
    const known = peers.get(socket);
    if (known !== undefined) return known;
    const peer: Peer = {};
    peers.set(socket, peer);
    socket.once('close', () => {
      if (peer.claim !== undefined) claims.drop(peer.claim);
    });
    return peer;
  }

  function refuse(uid: number | undefined, cause: string): SubmitAnswer {
    if (mayTell()) options.refused(uid, cause);
    return { status: 403, body: { error: cause } };
  }

  /** A connection proves its user once; what follows on it is of the same user. */
  function uidOf(peer: Peer): number | SubmitAnswer {
    const { claim, uid } = peer;
    if (uid !== undefined) return uid;
    if (claim === undefined) return { status: 401, body: { error: 'ask for /claim first' } };
    delete peer.claim;
    const proof = claims.redeem(claim);
    if ('refused' in proof) return refuse(undefined, proof.refused);
    peer.uid = proof.uid;
    return proof.uid;
  }

  function bindingOf(request: IncomingMessage): Binding | SubmitAnswer {
    const uid = uidOf(peerOf(request.socket));
    if (typeof uid !== 'number') return uid;
    return options.bindingOf(uid) ?? refuse(uid, `uid ${uid} is bound to no identity (\`local.services\`)`);
  }

  async function address(request: IncomingMessage): Promise<SubmitAnswer> {
    const binding = bindingOf(request);
    if ('status' in binding) return binding;
    return { status: 200, body: { address: await options.addressOf(binding) } };
  }

  async function submit(request: IncomingMessage): Promise<SubmitAnswer> {
    const binding = bindingOf(request);
    if ('status' in binding) return binding;
    if (underWay >= UNDER_WAY_MAX) return { status: 503, body: { error: 'busy: try again' } };
    underWay += 1;
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
      underWay -= 1;
    }
  }

  function claim(request: IncomingMessage): SubmitAnswer {
    const peer = peerOf(request.socket);
    if (peer.claim !== undefined) claims.drop(peer.claim);
    delete peer.uid;
    peer.claim = claims.issue();
    return { status: 200, body: { name: peer.claim.name } };
  }

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    request.on('error', () => response.destroy());
    response.on('error', () => request.destroy());
    const route = `${request.method} ${request.url}`;
    let answer: SubmitAnswer = { status: 404, body: { error: 'there is no such route' } };
    try {
      if (route === 'POST /claim') answer = claim(request);
      else if (route === 'POST /address') answer = await address(request);
      else if (route === 'POST /submit') answer = await submit(request);
    } catch {
      answer = { status: 503, body: { error: 'the server has trouble: try again later' } };
    }
    send(request, response, answer);
  };
}

/** What was not read of a request is read and dropped: the client may still write, and shall see the answer. */
function send(request: IncomingMessage, response: ServerResponse, { status, body }: SubmitAnswer): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
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

/** The envelope in JSON on the first line, the message behind it. */
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

/** Anybody may try, so that the log is not for them to fill. */
function refusalGate(clock: Clock): () => boolean {
  let since = clock.monotonic();
  let told = 0;
  return () => {
    if (clock.monotonic() - since >= MINUTE_MS) {
      since = clock.monotonic();
      told = 0;
    }
    told += 1;
    return told <= REFUSALS_PER_MINUTE;
  };
}
