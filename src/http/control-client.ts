// The other end of the control socket: the store and its look-ups as a command sees them while a server runs.

import { request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { fromJson, toJson } from '../base/json.ts';
import type { Lookups } from '../store/lookups.ts';
import { type Store, StoreUnavailable } from '../store/port.ts';
import { lookupMethods } from '../store/remote-lookups.ts';
import { CONTROL_SOCKET, type ReloadResult } from './control-protocol.ts';

export interface ControlClient {
  readonly store: Store;
  readonly lookups: Lookups;
  status(): Promise<object>;
  reload(): Promise<ReloadResult>;
  backup(file: string): Promise<object>;
}

/** Undefined: no server runs on this data directory. */
export async function connectControl(dataDirectory: string): Promise<ControlClient | undefined> {
  const client = controlClient(join(dataDirectory, CONTROL_SOCKET));
  try {
    await client.status();
    return client;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

function controlClient(socketPath: string): ControlClient {
  async function open(method: 'GET' | 'POST', path: string, body?: unknown): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath, method, path, headers: { host: 'control' } }, resolve);
      asked.once('error', reject);
      asked.end(body === undefined ? undefined : toJson(body));
    });
  }

  async function ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
    const response = await open(method, path, body);
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    const answer = fromJson(Buffer.concat(parts).toString()) as {
      value?: unknown;
      error?: string;
      name?: string;
    };
    if (answer.error !== undefined)
      throw answer.name === 'StoreUnavailable' ? new StoreUnavailable(answer.error) : new Error(answer.error);
    return answer.value;
  }

  const looks = Object.fromEntries(
    lookupMethods.map((method) => [
      method,
      (...args: readonly unknown[]) => ask('POST', `/lookup/${method}`, args),
    ]),
  ) as unknown as Omit<Lookups, 'content'>;

  return {
    store: {
      commit: ((changes) => ask('POST', '/commit', changes)) as Store['commit'],
      stage: () => Promise.reject(new StoreUnavailable('bodies are not staged over the control socket')),
      subscribe: () => () => undefined,
    },
    lookups: {
      ...looks,
      async content(id) {
        const response = await open('GET', `/content/${id}`);
        if (response.statusCode === 200) return response as AsyncIterable<Uint8Array>;
        response.resume();
        return undefined;
      },
    },
    status: async () => (await ask('GET', '/status')) as object,
    reload: async () => (await ask('POST', '/reload')) as ReloadResult,
    backup: async (file) => (await ask('POST', '/backup', { file })) as object,
  };
}
