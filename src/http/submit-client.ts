// The other end of the submission socket, as `postern send` uses it: proves who we are once, then asks and hands in messages over that connection.

import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isClaimName } from './claim-name.ts';
import { CLAIMS_DIRECTORY, rootSocketOf } from './claims.ts';

const REQUEST_MS = 180_000;
const ANSWER_OCTETS_MAX = 16 * 1024 * 1024;

export interface SubmitReply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface SubmitClient {
  /** Of the identity that our user is bound to. Rejects with the system's error if there is no server. */
  address(): Promise<SubmitReply>;
  /** Rejects likewise, and with `MayBeHandedIn`; with every other error nothing was handed in. */
  submit(envelope: object, content: Uint8Array): Promise<SubmitReply>;
  close(): void;
}

/** All connections of the socket are taken: nothing was handed in. */
export class SubmitSocketBusy extends Error {
  override readonly name = 'SubmitSocketBusy';
}

/** The connection broke after the message: the server may have it, or not. `cause` says how. */
export class MayBeHandedIn extends Error {
  override readonly name = 'MayBeHandedIn';
}

/** A connection may be closed in favour of another before its user is proven. */
const TRIES = 12;
const PAUSE_MS = 50;
const PAUSE_MS_MAX = 200;
/** The server does not know, or no longer, who is at the other end of this connection. */
const UNPROVEN = 401;

/** Root has a socket of its own, if the server made one. */
function doorOf(path: string): string {
  const own = rootSocketOf(path);
  return process.getuid?.() === 0 && existsSync(own) ? own : path;
}

export function openSubmitClient(path: string): SubmitClient {
  const socketPath = doorOf(path);
  // One connection: what was proven counts for it alone.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let proven = false;

  const post = (route: string, parts: readonly Uint8Array[]): Promise<SubmitReply> =>
    postOver(agent, socketPath, route, parts);

  /** The server only names a file; its directory is ours to know, not the server's to say. Gives the reply to `/address`, which tells who we are. */
  async function claimAndProve(): Promise<SubmitReply> {
    const answer = await post('/claim', []);
    const { name } = answer.body;
    if (answer.status !== 200) return answer;
    if (!isClaimName(name)) throw new Error('it names no claim: this is no submission socket');
    const made = join(dirname(socketPath), CLAIMS_DIRECTORY, name);
    const file = await open(made, 'wx', 0o600);
    try {
      // The umask may have taken rights away.
      await file.chmod(0o600);
      return await post('/address', []);
    } finally {
      await file.close();
      // The server may have dropped the claim before the file existed.
      await rm(made, { force: true });
    }
  }

  /** Nothing is handed in before it is proven who we are, so all of it can be done again. */
  async function prove(): Promise<SubmitReply> {
    for (let tries = 1; ; tries += 1) {
      try {
        const reply = await claimAndProve();
        proven = reply.status === 200;
        if (reply.status !== UNPROVEN || tries === TRIES) return reply;
      } catch (error) {
        if (!isCutOff(error)) throw error;
        if (tries === TRIES)
          throw new SubmitSocketBusy('all places of its socket are taken', { cause: error });
      }
      await setTimeout(Math.min(PAUSE_MS * tries, PAUSE_MS_MAX));
    }
  }

  async function submit(parts: readonly Uint8Array[]): Promise<SubmitReply> {
    for (let again = true; ; again = false) {
      const proof = proven ? undefined : await prove();
      if (proof !== undefined && proof.status !== 200) return proof;
      const reply = await post('/submit', parts).catch((error: unknown) => {
        throw isNotConnected(error) ? error : new MayBeHandedIn('the connection broke', { cause: error });
      });
      // The connection was closed while nothing was said, and this is another one.
      if (reply.status !== UNPROVEN || !again) return reply;
      proven = false;
    }
  }

  return {
    address: prove,
    submit: (envelope, content) => submit([Buffer.from(`${JSON.stringify(envelope)}\n`), content]),
    close: () => agent.destroy(),
  };
}

function postOver(
  agent: Agent,
  socketPath: string,
  path: string,
  parts: readonly Uint8Array[],
): Promise<SubmitReply> {
  return new Promise((resolve, reject) => {
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    const headers = { host: 'local', 'content-length': length };
    const asked = request({ socketPath, agent, method: 'POST', path, headers, timeout: REQUEST_MS });
    asked.on('timeout', () => asked.destroy(new Error('the server does not answer')));
    asked.on('error', reject);
    asked.on('response', (response) => {
      const read: Buffer[] = [];
      let octets = 0;
      response.on('error', reject);
      response.on('data', (part: Buffer) => {
        octets += part.length;
        if (octets > ANSWER_OCTETS_MAX) response.destroy(new Error('the answer is too long'));
        read.push(part);
      });
      response.on('end', () => {
        try {
          const body = JSON.parse(Buffer.concat(read).toString()) as SubmitReply['body'];
          resolve({ status: response.statusCode ?? 0, body });
        } catch {
          reject(new Error('the answer is no JSON: this is no submission socket'));
        }
      });
    });
    for (const part of parts) asked.write(part);
    asked.end();
  });
}

function isNotConnected(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'connect';
}

function isCutOff(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'EAGAIN';
}
