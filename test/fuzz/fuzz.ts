// Plays changed dialogs against a running server, several at a time, and says what it found: lines of the log that tell of a fault, memory
// that grew. It waits for nothing but a pause in what the server says.

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type Dialog, type Start } from '../dialogs/dialog.ts';
import { chanceOf } from '../simulation/chance.ts';
import type { TestServer } from '../system/server.ts';
import { type FuzzedDialog, fuzzedDialog } from './mutated-dialog.ts';

/** All sessions come from one address: what bounds a stranger must not bound this. */
export const FUZZ_LIMITS =
  'limits: { unauthenticatedPerNetwork: 1000, newConnections: none, identity: { messagesPerHour: none, recipientsPerHour: none } }';

const AT_A_TIME = 8;
/** How long a client waits for a reply before it goes on. */
const QUIET_MS = 15;
const HEARD_MAX = 4_000_000;

export interface FuzzOptions {
  readonly server: TestServer;
  readonly dialogs: readonly Dialog[];
  readonly seed: string;
  /** Sessions that are played; `false` from `goOn` ends it before. */
  readonly sessions: number;
  goOn?(done: number): boolean;
}

export interface FuzzOutcome {
  readonly sessions: number;
  /** Lines of the server's log at level error or fatal. */
  readonly errors: readonly string[];
  /** From a third of the way to the end, MiB. */
  readonly grownMiB: number;
}

/** What is said, as it is, before the part that chance has changed. */
const preludes: Readonly<Record<Start, 'clear' | 'tls'>> = {
  plain: 'clear',
  mx: 'clear',
  tls: 'tls',
  mxtls: 'tls',
  auth: 'tls',
};

export async function fuzz({ server, dialogs, seed, sessions, goOn }: FuzzOptions): Promise<FuzzOutcome> {
  const warm = Math.floor(sessions / 3);
  let begun = 0;
  let before = residentMiB(server.pid);
  async function worker(): Promise<void> {
    while (begun < sessions && goOn?.(begun) !== false) {
      const number = begun;
      begun += 1;
      if (number === warm) before = residentMiB(server.pid);
      await play(server, fuzzedDialog(dialogs, chanceOf(`${seed}/${number}`)));
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return {
    sessions: begun,
    errors: server.log().match(/^.*"level":"(?:error|fatal)".*$/gm) ?? [],
    grownMiB: residentMiB(server.pid) - before,
  };
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function play(server: TestServer, { start, sends }: FuzzedDialog): Promise<void> {
  const port = start.startsWith('mx')
    ? server.mx
    : preludes[start] === 'tls'
      ? server.submissions
      : server.submission;
  const plain = connect(port, '127.0.0.1');
  plain.on('error', () => undefined);
  const socket = preludes[start] === 'tls' && port !== server.mx ? secured(plain) : plain;
  const talk = listenTo(socket);
  await talk.quiet();
  for (const octets of sends) {
    if (socket.destroyed) break;
    socket.write(octets);
    await talk.quiet();
  }
  socket.destroy();
  plain.destroy();
}

function secured(plain: Socket): Socket {
  const socket = connectTls({ socket: plain, rejectUnauthorized: false, servername: 'msa.example.org' });
  socket.on('error', () => undefined);
  return socket;
}

/** `quiet` resolves when nothing has come for a while, or the connection has ended. */
function listenTo(socket: Socket): { quiet(): Promise<void> } {
  let heard = 0;
  let wake = (): void => undefined;
  socket.on('data', (data: Buffer) => {
    heard += data.length;
    if (heard > HEARD_MAX) socket.destroy();
    wake();
  });
  socket.on('close', () => wake());
  return {
    async quiet() {
      for (let moved = true; moved && !socket.destroyed;) {
        moved = await new Promise<boolean>((resolve) => {
          const timer = setTimeout(() => resolve(false), QUIET_MS);
          wake = () => {
            clearTimeout(timer);
            resolve(true);
          };
        });
      }
    },
  };
}
