// The other end of the control socket: use cases as a command calls them while a server runs, and the look-ups that leave no record.

import { closeSync, fchmodSync, openSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { type FailureKind, UseCaseFailure } from '../administration/failure.ts';
import type { Administration } from '../administration/use-cases.ts';
import { fromJson, toJson } from '../base/json.ts';
import { NotACursor } from '../store/lookups.ts';
import { StoreUnavailable } from '../store/port.ts';
import { isClaimName } from './claim-name.ts';
import {
  type Act,
  CLAIM_PREFIX,
  CONTROL_SOCKET,
  type ControlLookups,
  controlLookups,
  inPieces,
  type LookupAnswer,
  LOOKUPS_MAX,
  type ReloadResult,
} from './control-protocol.ts';
import { askSocket, connectTo } from './own-socket.ts';

export interface ControlClient {
  readonly lookups: ControlLookups;
  /** `reason`: for the trail. */
  administration(reason?: string): Administration;
  status(): Promise<object>;
  reload(): Promise<ReloadResult>;
  /** A link into the console, for who calls this. */
  consoleLink(login?: string): Promise<string>;
}

/** Undefined: no server runs on this data directory. */
export async function connectControl(dataDirectory: string): Promise<ControlClient | undefined> {
  const socketPath = join(dataDirectory, CONTROL_SOCKET);
  try {
    (await connectTo(socketPath)).destroy();
    return controlClient(socketPath);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

type Failure = Omit<LookupAnswer, 'value'>;

function controlClient(socketPath: string): ControlClient {
  async function ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const sent = body === undefined ? undefined : toJson(body);
    const answer = fromJson((await askSocket(socketPath, method, path, sent)).body.toString());
    const { value, ...failure } = answer as LookupAnswer;
    return valueOf(value, failure);
  }

  async function proven<T>(run: (claim: string) => Promise<T>): Promise<T> {
    const claim = await ask('POST', '/claim');
    if (!isClaimName(claim)) throw new Error('it names no claim: this is no control socket of ours');
    const made = join(dirname(socketPath), `${CLAIM_PREFIX}${claim}`);
    makeClaim(made);
    try {
      return await run(claim);
    } finally {
      rmSync(made, { force: true });
    }
  }

  function act(useCase: string, input: unknown, reason: string | undefined): Promise<unknown> {
    return proven((claim) => {
      const asked: Act = { useCase, input, claim, ...(reason === undefined ? {} : { reason }) };
      return Object.hasOwn(inPieces, useCase)
        ? piecesOver(socketPath, toJson(asked))
        : ask('POST', '/act', asked);
    });
  }

  return {
    lookups: lookupsOver(
      async (questions) => (await ask('POST', '/lookups', questions)) as readonly LookupAnswer[],
    ),
    administration: (reason) => administrationOver((name, input) => act(name, input, reason)),
    status: async () => (await ask('GET', '/status')) as object,
    reload: async () => (await ask('POST', '/reload')) as ReloadResult,
    consoleLink: async (login) =>
      (await proven((claim) =>
        ask('POST', '/console-link', { claim, ...(login === undefined ? {} : { login }) }),
      )) as string,
  };
}

/** Who owns this file is who asks (src/http/control-peers.ts). */
function makeClaim(path: string): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    // The umask may have taken rights away.
    fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

/** The table of use cases is the server's: to load it here would cost a command its start. */
function administrationOver(call: (name: string, input: unknown) => Promise<unknown>): Administration {
  return new Proxy({} as Administration, {
    get: (_, name) => (input: unknown) => call(String(name), input),
  });
}

function valueOf(value: unknown, { error, name, kind }: Failure): unknown {
  if (error === undefined) return value;
  if (name === 'NotACursor') throw new NotACursor(error);
  if (name === 'UseCaseFailure') throw new UseCaseFailure(error, kind as FailureKind);
  throw name === 'StoreUnavailable' ? new StoreUnavailable(error) : new Error(error);
}

interface Open {
  readonly question: readonly [method: string, args: readonly unknown[]];
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What is asked within one turn travels as one message, as it does between threads (src/platform/line.ts). */
function lookupsOver(
  askAll: (questions: readonly Open['question'][]) => Promise<readonly LookupAnswer[]>,
): ControlLookups {
  let waiting: Open[] = [];

  async function send(open: readonly Open[]): Promise<void> {
    try {
      const answers = await askAll(open.map(({ question }) => question));
      open.forEach(({ resolve, reject }, at) => {
        const { value, ...failure } = answers[at] ?? { error: 'the server did not answer this' };
        try {
          resolve(valueOf(value, failure));
        } catch (error) {
          reject(error);
        }
      });
    } catch (error) {
      for (const { reject } of open) reject(error);
    }
  }

  function flush(): void {
    const open = waiting;
    waiting = [];
    for (let from = 0; from < open.length; from += LOOKUPS_MAX)
      void send(open.slice(from, from + LOOKUPS_MAX));
  }

  const ask =
    (method: string) =>
    (...args: readonly unknown[]): Promise<unknown> =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) queueMicrotask(flush);
        waiting.push({ question: [method, args], resolve, reject });
      });
  return Object.fromEntries(
    controlLookups.map((method) => [method, ask(method)]),
  ) as unknown as ControlLookups;
}

/** Rejects with why there are none. What is large comes as it is read, and that is worth the whole of node:http. */
async function piecesOver(socketPath: string, body: string): Promise<AsyncIterable<Uint8Array>> {
  const { request } = await import('node:http');
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { host: 'control', 'content-length': Buffer.byteLength(body) };
    const asked = request({ socketPath, method: 'POST', path: '/act', headers }, resolve);
    asked.once('error', reject);
    asked.end(body);
  });
  if (response.statusCode === 200) return response;
  const parts: Uint8Array[] = [];
  for await (const part of response) parts.push(part as Uint8Array);
  valueOf(undefined, fromJson(Buffer.concat(parts).toString()) as Failure);
  throw new Error('the running server gives none of it: is it of another version?');
}
