// Does whoever submits feel that consoles are open? Acceptance at a steady pace, with ten consoles (a stream of live figures and a page each second, each) and with none, in
// rounds that alternate. The median of the p99 of all rounds, and what the first is of the second.
//   node bench/console-beside.ts                 ten rounds of each: four minutes

import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { connectControl } from '../src/http/control-client.ts';
import { freePort } from '../test/free-port.ts';
import { PASSWORD, startServer } from '../test/system/server.ts';
import { median, printTable, runLoad, startSink } from './measuring.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '10' }, messages: { type: 'string', default: '1000' } },
});
const ROUNDS = Number(values.rounds);
const CONSOLES = 10;
const LOGIN = 'alice@example.org';

const sink = await startSink();
const port = await freePort();
const origin = `http://127.0.0.1:${port}`;
await using server = await startServer({
  relay: `relay: { smarthost: "smtp://127.0.0.1:${sink.port}" }`,
  extra: `limits: { identity: { messagesPerHour: none, recipientsPerHour: none } }\nconsole: { port: ${port} }`,
  accounts: [LOGIN],
});

async function enter(): Promise<string> {
  const control = await connectControl(join(server.directory, 'data'));
  const secret = new URL((await control?.consoleLink()) ?? '').pathname.split('/').at(-1) ?? '';
  const opened = await fetch(`${origin}/sign-in`, {
    ...{ method: 'POST', headers: { origin }, redirect: 'manual' },
    body: new URLSearchParams({ secret }),
  });
  return opened.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
}

const load = (tag: string) =>
  runLoad({
    ...{ port: server.submission, connections: 4, perConnection: 100, messages: Number(values.messages) },
    ...{ pauseMs: 20, octets: 4096, tag, user: LOGIN, password: PASSWORD, from: LOGIN },
  });

async function beside(tag: string, cookie: string) {
  const watchers = new Worker(new URL('console-watchers.ts', import.meta.url), {
    workerData: { origin, cookie, consoles: CONSOLES },
  });
  const ended = once(watchers, 'message');
  const result = await load(tag);
  watchers.postMessage('end');
  const [pages] = (await ended) as [number];
  return { ...result, pages };
}

const cookie = await enter();
await load('warm');
await beside('warm too', cookie);
const [open, none]: { p50Ms: number; p99Ms: number }[][] = [[], []];
let pages = 0;
for (let round = 1; round <= ROUNDS; round += 1) {
  none?.push(await load(`none ${round}`));
  const with10 = await beside(`open ${round}`, cookie);
  open?.push(with10);
  pages += with10.pages;
  process.stderr.write(`\r${round} of ${ROUNDS}`);
}
process.stderr.write('\n');
sink.stop();
const of = (rounds: typeof open = [], which: 'p50Ms' | 'p99Ms'): number =>
  median(rounds.map((one) => one[which]));
const row = (which: 'p50Ms' | 'p99Ms'): string[] => [
  which.replace('Ms', ''),
  `${of(none, which).toFixed(1)} ms`,
  `${of(open, which).toFixed(1)} ms`,
  (of(open, which) / of(none, which)).toFixed(2),
];
printTable([['accepted', 'no console', `${CONSOLES} consoles`, 'ratio'], row('p50Ms'), row('p99Ms')]);
console.log(`${pages} pages were shown`);
