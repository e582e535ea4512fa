// The other end of the control socket: the store and its look-ups as a command sees them while a server runs.

import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fromJson, toJson } from '../base/json.ts';
import { lookupMethods, type Lookups, NotACursor } from '../store/lookups.ts';
import { type Store, StoreUnavailable } from '../store/port.ts';
import { CONTROL_SOCKET, type LookupAnswer, LOOKUPS_MAX, type ReloadResult } from './control-protocol.ts';
import { askSocket, connectTo } from './own-socket.ts';

export interface ControlClient {
  readonly store: Store;
  readonly lookups: Lookups;
  status(): Promise<object>;
  reload(): Promise<ReloadResult>;
  /** A copy of the store, in pieces; reading it rejects if it does not come to its end. */
  backup(): Promise<Readable>;
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

interface Failure {
  readonly error?: string;
  readonly name?: string;
}

function controlClient(socketPath: string): ControlClient {
  async function ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const sent = body === undefined ? undefined : toJson(body);
    const answer = fromJson((await askSocket(socketPath, method, path, sent)).body.toString());
    const { value, ...failure } = answer as { readonly value?: unknown } & Failure;
    return valueOf(value, failure);
  }

  return {
    store: {
      commit: ((changes) => ask('POST', '/commit', changes)) as Store['commit'],
      stage: () => Promise.reject(new StoreUnavailable('bodies are not staged over the control socket')),
      subscribe: () => () => undefined,
    },
    lookups: {
      ...lookupsOver(
        async (questions) => (await ask('POST', '/lookups', questions)) as readonly LookupAnswer[],
      ),
      content: (id) => contentOver(socketPath, id),
    },
    status: async () => (await ask('GET', '/status')) as object,
    reload: async () => (await ask('POST', '/reload')) as ReloadResult,
    backup: () => backupOver(socketPath),
  };
}

function valueOf(value: unknown, { error, name }: Failure): unknown {
  if (error === undefined) return value;
  if (name === 'NotACursor') throw new NotACursor(error);
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
): Omit<Lookups, 'content'> {
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
  return Object.fromEntries(lookupMethods.map((method) => [method, ask(method)])) as unknown as Omit<
    Lookups,
    'content'
  >;
}

/** Rejects with why the server takes none. */
async function backupOver(socketPath: string): Promise<Readable> {
  const { request } = await import('node:http');
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(
      { socketPath, method: 'POST', path: '/backup', headers: { host: 'control' } },
      resolve,
    );
    asked.once('error', reject);
    asked.end();
  });
  if (response.statusCode === 200) return response;
  const parts: Uint8Array[] = [];
  for await (const part of response) parts.push(part as Uint8Array);
  valueOf(undefined, fromJson(Buffer.concat(parts).toString()) as Failure);
  throw new Error('the running server gives no backup: is it of another version?');
}

/** A body may be large: it comes as it is read, and that is worth the whole of node:http. */
async function contentOver(socketPath: string, id: string): Promise<AsyncIterable<Uint8Array> | undefined> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const asked = request(
      { socketPath, path: `/content/${id}`, headers: { host: 'control' } },
      (response) => {
        if (response.statusCode === 200) return resolve(response);
        response.resume();
        resolve(undefined);
      },
    );
    asked.once('error', reject);
    asked.end();
  });
}
