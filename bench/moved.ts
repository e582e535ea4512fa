// A large store that moves from SQLite to PostgreSQL and back, by the commands that an operator uses: how long it takes, and whether each look-up finds the same in all
// three. The first copy is killed on the way and called again. Of the messages some wait in the queue, all others are delivered.
//   node bench/moved.ts                                        100,000 queued and 500,000 events: some minutes
//   node bench/moved.ts --queued 1000000 --events 5000000      an hour, 25 GiB in the temporary directory

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { messageIdSource } from '../src/base/message-id.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemEntropy } from '../src/platform/entropy.ts';
import type { Lookups, TraceTerm } from '../src/store/lookups.ts';
import type { Change, Delivery } from '../src/store/port.ts';
import { openPostgresStore } from '../src/store/postgres/open.ts';
import { STORE_FILE } from '../src/store/sqlite/schema.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import { lockDataDirectory } from '../src/store/sqlite/data-directory.ts';
import { acceptOf, DAY, final, settleOf } from '../src/store/store.contract-fixtures.ts';
import { startPostgres } from '../test/system/postgres.ts';
import { printTable } from './measuring.ts';

const { values } = parseArgs({ options: { queued: { type: 'string' }, events: { type: 'string' } } });
const QUEUED = Number(values.queued ?? 100_000);
const EVENTS = Number(values.events ?? 500_000);
/** Delivered ones have two events. */
const MESSAGES = QUEUED + Math.floor((EVENTS - QUEUED) / 2);
const GROUP = 1000;
const DOMAINS = 200;
const ACCOUNTS = 1000;
const OWNER = 'node/1/1.1';
/** Look-ups of each kind that are compared. */
const ASKED = 50;
const MAIN = resolve('src/main.ts');

const entropy = systemEntropy();
const ids = messageIdSource((length) => entropy.bytes(length));
const rows: string[][] = [['step', 'seconds', 'messages a second']];

async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const at = performance.now();
  const result = await work();
  const seconds = (performance.now() - at) / 1000;
  rows.push([what, seconds.toFixed(0), (MESSAGES / seconds).toFixed(0)]);
  process.stderr.write(`${what}: ${seconds.toFixed(0)} s\n`);
  return result;
}

const addressOf = (number: number): string => `bob${number}@d${number % DOMAINS}.example.net`;
const senderOf = (number: number): string => `user${number % ACCOUNTS}`;

/** Each `MESSAGES / QUEUED`th waits. */
const waits = (number: number): boolean =>
  Math.floor(((number + 1) * QUEUED) / MESSAGES) > Math.floor((number * QUEUED) / MESSAGES);

function acceptance(number: number, now: number): { accept: Change; settle?: Change } {
  const messageId = ids.next(now);
  const sender = senderOf(number);
  const common = {
    ...{ from: `${sender}@example.org`, identityId: `id-${sender}`, to: [addressOf(number)] },
    messageIdField: `<m${number}@mail.example.org>`,
  };
  if (waits(number)) return { accept: acceptOf(messageId, now, { ...common, dueAt: now + 7 * DAY }) };
  const domain = `d${number % DOMAINS}.example.net`;
  const delivery: Delivery = {
    ...{ messageId, recipientNumber: 0, recipient: { forwardPath: addressOf(number) }, domain, attempt: 1 },
    delayReported: false,
  };
  return {
    accept: acceptOf(messageId, now, { ...common, owner: OWNER }),
    settle: settleOf(OWNER, [delivery], final, now),
  };
}

async function fill(dataDirectory: string): Promise<void> {
  const unlock = lockDataDirectory(dataDirectory);
  const { store, writer, close } = openSqliteStore({ dataDirectory, clock: systemClock, entropy });
  for (let from = 0; from < MESSAGES; from += GROUP) {
    const now = systemClock.now();
    const group = Array.from({ length: Math.min(GROUP, MESSAGES - from) }, (_, at) =>
      acceptance(from + at, now),
    );
    await store.commit(group.map(({ accept }) => accept));
    await store.commit(group.flatMap(({ settle }) => settle ?? []));
    while (writer.indexTail(GROUP));
    if (from % 100_000 === 0)
      process.stderr.write(`\r${from.toLocaleString('en')} of ${MESSAGES.toLocaleString('en')}`);
  }
  process.stderr.write('\n');
  close();
  unlock();
}

/** Killed when it has told of half the events, if so wanted. */
async function copy(from: string, to: string, config: string, isKilled = false): Promise<void> {
  const command = ['store', 'copy', '--json', '--from', from, '--to', to, '-c', config];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let last = '';
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    const { step: at, rows: done } = JSON.parse(line) as { step: string; rows?: number };
    if (isKilled && at === 'event' && (done ?? 0) >= EVENTS / 2) child.kill('SIGKILL');
  }
  const [status, signal] = (await ended) as [number | null, NodeJS.Signals | null];
  if (isKilled ? signal !== 'SIGKILL' : status !== 0)
    throw new Error(`the copy ended with ${status ?? signal}: ${last}`);
  console.log(last);
}

/** What a few look-ups find, spread over all messages. */
async function found(lookups: Lookups): Promise<readonly unknown[]> {
  const answers: unknown[] = [];
  for (let at = 0; at < ASKED; at += 1) {
    const number = Math.floor((at * MESSAGES) / ASKED);
    const terms: readonly TraceTerm[] = [
      { kind: 'messageIdField', value: `<m${number}@mail.example.org>` },
      { kind: 'address', address: addressOf(number) },
      { kind: 'address', address: `${senderOf(number)}@example.org` },
    ];
    for (const term of terms) {
      const messages = await lookups.findMessages(term, { max: 60 });
      const [first] = messages.ids;
      assert.ok(first !== undefined, JSON.stringify(term));
      answers.push(messages.ids, await lookups.eventsOfMessage(first, 9), await lookups.message(first));
    }
  }
  return answers;
}

async function foundInFiles(dataDirectory: string): Promise<readonly unknown[]> {
  const open = openSqliteStore({ dataDirectory, clock: systemClock, entropy });
  try {
    return await found(open.lookups);
  } finally {
    open.close();
  }
}

const base = mkdtempSync(join(tmpdir(), 'postern-moved-'));
try {
  await using database = await startPostgres([
    ...['shared_buffers = 512MB', 'max_wal_size = 4GB', 'maintenance_work_mem = 256MB'],
  ]);
  const [there, back] = [join(base, 'there'), join(base, 'back')];
  mkdirSync(there);
  const config = join(base, 'postern.yaml');
  writeFileSync(config, `hostname: mail.example.org\ndomains: [example.org]\ndata: ${there}\n`);
  await step('written', () => fill(there));
  const before = await foundInFiles(there);
  const toPostgres = [`sqlite:${there}`, database.url, config] as const;
  await step('copied to PostgreSQL, and killed', () => copy(...toPostgres, true));
  await step('copied to PostgreSQL', () => copy(...toPostgres));
  const url = new URL(database.url);
  const open = await openPostgresStore({
    server: {
      hosts: [{ host: url.hostname, port: Number(url.port) }],
      ...{ database: url.pathname.slice(1), user: url.username },
    },
    ...{ clock: systemClock, entropy, name: 'bench', isTrusted: true },
  });
  assert.deepEqual(await found(open.lookups), before);
  await open.close();
  await step('copied back', () => copy(database.url, `sqlite:${back}`, config));
  assert.deepEqual(await foundInFiles(back), before);
  for (const [where, path] of Object.entries({ there, back }))
    console.log(`${where}: ${(statSync(join(path, STORE_FILE)).size / 2 ** 30).toFixed(2)} GiB`);
  console.log(`${before.length} look-ups found the same in all three`);
} finally {
  rmSync(base, { recursive: true, force: true });
}
printTable(rows);
