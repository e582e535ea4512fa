// What others feel of the acts against one account that has very much in the queue: `account suspend` and `resume`, `queue hold` and `release`, given
// again and again while somebody else submits. Usual is what they feel of the same acts against an account that has ten messages there, because the
// commands themselves take processor time of the same machine.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PASSWORD, startServer, type TestServer } from '../test/system/server.ts';
import { freePort } from '../test/free-port.ts';
import type { LoadResult } from './load.ts';
import { median, runLoad } from './measuring.ts';
import { fillQueue } from './queued.ts';

const SENDER = 'bob@example.org';
const LARGE = 'alice@example.org';
const SMALL = 'carol@example.org';
const SMALL_QUEUED = 10;
/** In turns, so that both feel the same weather of the machine. */
const ROUNDS = 3;
const CONNECTIONS = 4;
const PAUSE_MS = 20;

export interface Felt {
  /** Medians of the rounds, ms. */
  readonly aloneP99Ms: number;
  readonly usualP99Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  /** How long each act against the large one took, by its command, ms. */
  readonly tookMs: ReadonlyMap<string, readonly number[]>;
}

/** `main`: the built program. `messages`: in each round. */
export async function measureActs(main: string, queued: number, messages: number): Promise<Felt> {
  await using server = await startServer({
    relay: `relay: { smarthost: "smtp://127.0.0.1:${await freePort()}" }`,
    extra: 'limits: { identity: { messagesPerHour: none, recipientsPerHour: none } }',
    accounts: [LARGE, SMALL, SENDER],
  });
  await server.stop();
  await fill(server, LARGE, queued);
  await fill(server, SMALL, SMALL_QUEUED);
  await server.start();
  const load = (tag: string): Promise<LoadResult> =>
    runLoad({
      ...{ port: server.submission, connections: CONNECTIONS, perConnection: 100, pauseMs: PAUSE_MS },
      ...{ messages, octets: 1024, tag, user: SENDER, password: PASSWORD, from: SENDER },
    });
  await load('warm');
  const took = new Map<string, number[]>();
  const [alone, usual, large]: [LoadResult[], LoadResult[], LoadResult[]] = [[], [], []];
  for (let round = 1; round <= ROUNDS; round += 1) {
    alone.push(await load(`alone${round}`));
    usual.push(await beside(actsAgainst(main, server, SMALL, new Map()), () => load(`small${round}`)));
    large.push(await beside(actsAgainst(main, server, LARGE, took), () => load(`large${round}`)));
  }
  const p99 = (results: readonly LoadResult[]): number => median(results.map(({ p99Ms }) => p99Ms));
  const errors = [...alone, ...usual, ...large].reduce((sum, one) => sum + one.errors, 0);
  return { aloneP99Ms: p99(alone), usualP99Ms: p99(usual), p99Ms: p99(large), errors, tookMs: took };
}

async function fill(server: TestServer, login: string, messages: number): Promise<void> {
  const { stdout } = server.postern(['account', 'show', login, '--json']);
  const { id } = JSON.parse(stdout) as { readonly id: string };
  await fillQueue(join(server.directory, 'data'), messages, id);
}

/** One round of the acts. */
function actsAgainst(
  main: string,
  server: TestServer,
  login: string,
  took: Map<string, number[]>,
): () => Promise<void> {
  const acts: readonly (readonly string[])[] = [
    ['account', 'suspend', login],
    ['queue', 'hold', '--identity', login, '--yes'],
    ['account', 'resume', login],
    ['queue', 'release', '--identity', login, '--yes'],
  ];
  return async () => {
    for (const act of acts) {
      const startedAt = performance.now();
      await carryOut([main, ...act, '-c', server.config]);
      const name = act.slice(0, 2).join(' ');
      took.set(name, [...(took.get(name) ?? []), performance.now() - startedAt]);
    }
  };
}

function carryOut(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${args.join(' ')} ended with ${code}`)),
    );
  });
}

/** Again and again until the load has ended, the last round to its end. */
async function beside(round: () => Promise<void>, load: () => Promise<LoadResult>): Promise<LoadResult> {
  let isOver = false;
  const rounds = (async () => {
    while (!isOver) await round();
  })();
  const result = await load();
  isOver = true;
  await rounds;
  return result;
}
