// `postern/client` against the server: 1,000 messages of 4 KiB over one connection, one after the other and 16 under way at once (as `postern send --flush`
// does), beside the plain generator (bench/load.ts) over one connection. Alternating rounds after one that warms up; medians, and the ratio.
//   node bench/client.ts [rounds]

import { readFileSync } from 'node:fs';
import { openSubmission } from '../src/client/index.ts';
import { eventually, PASSWORD, startServer } from '../test/system/server.ts';
import { median, printTable, runLoad, startSink } from './measuring.ts';

const MESSAGES = 1000;
const OCTETS = 4096;
const AT_ONCE = 16;
const rounds = Number(process.argv[2] ?? 5);
const login = 'alice@example.org';
const filler = `${'x'.repeat(76)}\r\n`.repeat(Math.floor(OCTETS / 78));

const sink = await startSink();
await using server = await startServer({
  relay: `relay: { smarthost: "smtp://127.0.0.1:${sink.port}" }`,
  extra: 'limits: { identity: { messagesPerHour: none, recipientsPerHour: none } }',
});

const messageOf = (tag: string, number: number): string =>
  `From: <${login}>\r\nTo: <x@far.example>\r\nSubject: bench\r\nX-Bench: ${tag}-${number}\r\n\r\n${filler}`;

/** Messages a second, connecting included, as the generator counts. */
async function withClient(tag: string, atOnce: number): Promise<number> {
  const startedAt = performance.now();
  const submission = await openSubmission({
    ...{ host: 'localhost', port: server.submission, tls: 'starttls', address: login, password: PASSWORD },
    ca: readFileSync(server.certificate, 'utf8'),
  });
  let next = 0;
  async function work(): Promise<void> {
    while (next < MESSAGES) {
      next += 1;
      const { accepted } = await submission.submit(messageOf(tag, next), {
        ...{ reversePath: login, recipients: ['x@far.example'] },
      });
      if (accepted.length !== 1) throw new Error(`message ${next} of ${tag} was not accepted`);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work));
  await submission.close();
  return (MESSAGES * 1000) / (performance.now() - startedAt);
}

async function withGenerator(tag: string): Promise<number> {
  const { perSecond, errors } = await runLoad({
    ...{ port: server.submission, connections: 1, perConnection: MESSAGES, messages: MESSAGES },
    ...{ octets: OCTETS, tag, user: login, password: PASSWORD, from: login },
  });
  if (errors > 0) throw new Error(`${errors} errors of the generator`);
  return perSecond;
}

const runs: readonly (readonly [string, (tag: string) => Promise<number>])[] = [
  ['the generator', withGenerator],
  ['the client, one after the other', (tag) => withClient(tag, 1)],
  [`the client, ${AT_ONCE} under way`, (tag) => withClient(tag, AT_ONCE)],
];

const taken = runs.map((): number[] => []);
try {
  for (let round = 0; round <= rounds; round += 1)
    for (const [at, [, run]] of runs.entries()) {
      const before = (await sink.counts()).unique;
      const rate = await run(`r${round}-${at}`);
      // Each begins on a server that is done with the one before.
      await eventually(
        'delivery of everything',
        60,
        async () => (await sink.counts()).unique - before >= MESSAGES,
      );
      if (round > 0) taken[at]?.push(rate);
    }
} finally {
  sink.stop();
}
const generator = median(taken[0] ?? []);
printTable(
  runs.map(([name], at) => {
    const rate = median(taken[at] ?? []);
    return [name, `${Math.round(rate)}/s`, (rate / generator).toFixed(2)];
  }),
);
