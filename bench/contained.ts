// What others feel of an account that is contained while it has very much in the queue, on PostgreSQL: all of it is due, and it is suspended, held, resumed and released.
// Meanwhile somebody else submits, and mail of a third account comes due in the queue. For each act: how long its command took, acceptance at the client, from the 250
// to the end of the delivery by the trail, and how late mail from the queue was delivered (a relay looks each five seconds).
//   node bench/contained.ts                     200,000 messages: ten minutes
//   node bench/contained.ts --queued 20000 --messages 500

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { messageIdBytes, messageIdSource } from '../src/base/message-id.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemEntropy } from '../src/platform/entropy.ts';
import { connect, type Connection } from '../src/store/postgres/connection.ts';
import { uuidOf } from '../src/store/postgres/value-types.ts';
import { startPostgres } from '../test/system/postgres.ts';
import { PASSWORD, startServer } from '../test/system/server.ts';
import { printTable, quantile, runLoad, startSink } from './measuring.ts';

const { values } = parseArgs({ options: { queued: { type: 'string' }, messages: { type: 'string' } } });
const QUEUED = Number(values.queued ?? 200_000);
/** Submitted beside each act. */
const MESSAGES = Number(values.messages ?? 2000);
/** Come due in the queue beside each act, one each 50 ms. */
const COMING_DUE = 200;
const DUE_EVERY_MS = 50;
const FILL = 5000;
const DOMAINS = 200;
const WEEK_MS = 7 * 86_400_000;
const [LARGE, SENDER, WAITING] = ['alice@example.org', 'bob@example.org', 'carol@example.org'];
const MAIN = join(import.meta.dirname, '../src/main.ts');

const ids = messageIdSource((length) => systemEntropy().bytes(length));
const content = Buffer.from('From: <a@example.org>\r\nSubject: queued\r\n\r\nqueued\r\n');

/** Filed mail of one account, as it stands after a deferral. Gives the ids. */
async function fill(
  db: Connection,
  identityId: string,
  dueAts: readonly number[],
  domain: (n: number) => string,
): Promise<readonly string[]> {
  const filled: string[] = [];
  for (let from = 0; from < dueAts.length; from += FILL) {
    const due = dueAts.slice(from, from + FILL);
    const now = systemClock.now();
    const those = due.map(() => ids.next(now));
    const keys = those.map((id) => uuidOf(messageIdBytes(id) ?? new Uint8Array()));
    filled.push(...those);
    await db.query(
      `WITH m AS (INSERT INTO message (id, n, accepted_at, role, identity_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit)
           SELECT id, nextval('message_n'), $2, 'submission', $3, $4, '{"body":"7BIT","smtputf8":false}', $5, $6, false, false FROM unnest($1::uuid[]) AS id),
         c AS (INSERT INTO content (id, staged, bytes) SELECT id, false, $7 FROM unnest($1::uuid[]) AS id)
       INSERT INTO recipient (message_id, number, identity_id, forward_path, domain, due_at, attempt)
         SELECT k.id, 0, $3, 'x@' || k.domain, k.domain, k.due_at, 1 FROM unnest($1::uuid[], $8::text[], $9::bigint[]) AS k (id, domain, due_at)`,
      ...[keys, now, identityId, 'a@example.org', content.length, content.indexOf('\r\n\r\n') + 4, content],
      ...[due.map((_, n) => domain(from + n)), due],
    );
  }
  return filled;
}

await using database = await startPostgres([
  ...['shared_buffers = 256MB', 'max_wal_size = 4GB', 'checkpoint_timeout = 15min'],
]);
const sink = await startSink();
await using server = await startServer({
  relay: `relay: { smarthost: "smtp://127.0.0.1:${sink.port}" }`,
  extra: `limits: { identity: { messagesPerHour: none, recipientsPerHour: none } }\nstore: { postgres: "${database.url}" }\nnode: bench`,
  accounts: [LARGE, SENDER, WAITING],
});
const url = new URL(database.url);
const db = await connect(
  {
    ...{ hosts: [{ host: url.hostname, port: Number(url.port) }], database: url.pathname.slice(1) },
    user: url.username,
  },
  { clock: systemClock, settings: { idle_in_transaction_session_timeout: '0' } },
);
const idOf = async (login: string): Promise<string> =>
  String((await db.query('SELECT id FROM identity WHERE login = $1', login)).rows[0]?.['id']);

const act = (words: readonly string[]) =>
  promisify(execFile)(process.execPath, [MAIN, ...words, '-c', server.config]);

const rows: string[][] = [
  [
    '',
    'command',
    'accepted p50, p99',
    'errors',
    'delivered p50, p99',
    'late from the queue p50, p99, missing',
  ],
];
const pair = (numbers: readonly number[]): string =>
  `${quantile(numbers, 0.5).toFixed(0)}, ${quantile(numbers, 0.99).toFixed(0)} ms`;

const WAS_DELIVERED =
  "SELECT a.time AS from, d.time AS to FROM event a JOIN event d USING (message_id) WHERE a.type = 'accepted' AND d.type = 'relayed' AND a.identity_id = $1 AND a.time >= $2";
const WERE_DELIVERED =
  "SELECT e.message_id AS id, e.time AS at FROM event e WHERE e.type = 'relayed' AND e.message_id = ANY ($1::text[])";

async function measure(what: string, words: readonly string[]): Promise<void> {
  const startedAt = systemClock.now();
  const waiting = await idOf(WAITING);
  const dueAts = Array.from({ length: COMING_DUE }, (_, n) => startedAt + 2000 + n * DUE_EVERY_MS);
  const dueAt = new Map(
    (await fill(db, waiting, dueAts, () => 'waiting.example.net')).map(
      (id, n) => [id, dueAts[n] ?? 0] as const,
    ),
  );
  const began = performance.now();
  const command = words.length === 0 ? undefined : act(words).then(() => performance.now() - began);
  const load = await runLoad({
    ...{ port: server.submission, connections: 4, perConnection: 100, messages: MESSAGES, pauseMs: 20 },
    ...{ octets: 1024, tag: what.replaceAll(' ', ''), user: SENDER, password: PASSWORD, from: SENDER },
  });
  const took = await command;
  await eventuallyAll([...dueAt.keys()]);
  const sent = (await db.query(WAS_DELIVERED, await idOf(SENDER), startedAt)).rows;
  const late = (await db.query(WERE_DELIVERED, [...dueAt.keys()])).rows.map(
    (row) => Number(row['at']) - (dueAt.get(String(row['id'])) ?? 0),
  );
  rows.push([
    ...[what, took === undefined ? '' : `${(took / 1000).toFixed(1)} s`],
    ...[`${load.p50Ms.toFixed(1)}, ${load.p99Ms.toFixed(1)} ms`, String(load.errors)],
    ...[
      pair(sent.map((row) => Number(row['to']) - Number(row['from']))),
      `${pair(late)}, ${COMING_DUE - late.length}`,
    ],
  ]);
  console.error(rows.at(-1)?.join('   '));
}

/** What is missing after a minute is told. */
async function eventuallyAll(those: readonly string[]): Promise<void> {
  for (const until = performance.now() + 60_000; performance.now() < until;) {
    if ((await db.query(WERE_DELIVERED, those)).rows.length >= those.length) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const large = await idOf(LARGE);
try {
  await measure('warm', []);
  await measure('with nothing queued', []);
  const week = systemClock.now() + WEEK_MS;
  const began = performance.now();
  await fill(db, large, Array<number>(QUEUED).fill(week), (n) => `d${n % DOMAINS}.example.net`);
  console.error(`${QUEUED} queued in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  // What a command takes that does nothing.
  await measure('account show, none is due', ['account', 'show', LARGE]);
  await act(['account', 'suspend', LARGE]);
  await db.query('UPDATE recipient SET due_at = $1 WHERE identity_id = $2', systemClock.now(), large);
  await act(['account', 'resume', LARGE]);
  await measure('account suspend, all is due', ['account', 'suspend', LARGE]);
  await measure('suspended', []);
  await measure('queue hold', ['queue', 'hold', '--identity', LARGE, '--yes']);
  await measure('account resume, all is held', ['account', 'resume', LARGE]);
  await measure('account suspend again', ['account', 'suspend', LARGE]);
  await measure('queue release, suspended', ['queue', 'release', '--identity', LARGE, '--yes']);
  await measure('queue drop', ['queue', 'drop', '--identity', LARGE, '--yes']);
} finally {
  await db.close();
  sink.stop();
}
rows.splice(1, 1);
printTable(rows);
