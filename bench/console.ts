// How long the console's server takes for each page, and for each answer of the API, with a long trail and a queue behind it: no network, no thread between. p95 of many, in turn,
// after some that warm up; a p95 above 50 ms is marked, and what was not answered is a fault. CPU is of this process alone; so many look-ups are asked of the store.
//   node bench/console.ts                        1,000,000 messages in the trail, on SQLite and on PostgreSQL: ten minutes, 3 GiB in the temporary directory
//   node bench/console.ts --messages 100000 --engine sqlite

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { API_PATH } from '../src/http/api/path.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemEntropy } from '../src/platform/entropy.ts';
import { scopesFor } from '../src/administration/permissions.ts';
import type { Role } from '../src/record/identity.ts';
import type { Lookups } from '../src/store/lookups.ts';
import type { Store } from '../src/store/port.ts';
import { connect } from '../src/store/postgres/connection.ts';
import { openPostgresStore, type OpenPostgresStore } from '../src/store/postgres/open.ts';
import { openSqliteStore } from '../src/store/sqlite/open.ts';
import {
  acceptOf,
  DAY,
  deferred,
  identityChange,
  identityOf,
  settleOf,
} from '../src/store/store.contract-fixtures.ts';
import { openOffice } from '../test/fakes/administration.ts';
import { openDesk } from '../test/fakes/console.ts';
import { countedLookups } from '../test/fakes/counted-lookups.ts';
import { startPostgres } from '../test/system/postgres.ts';
import { type As, questionsOf } from './console-questions.ts';
import { ALICE, fillPostgres, fillSqlite, idsFrom, serverOf } from './long-trail.ts';
import { median, printTable, quantile } from './measuring.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    engine: { type: 'string', multiple: true, default: ['sqlite', 'postgres'] },
    times: { type: 'string', default: '100' },
  },
});
const MESSAGES = Number(values.messages);
const TIMES = Number(values.times);
const WARM = 10;
const BAR_MS = 50;
const QUEUED = 2000;
const ACCOUNTS = 1000;
const SECOND_MS = 1000;

interface Open {
  readonly store: Store;
  readonly lookups: Lookups;
  /** What a server does in idle moments: the words of the trail. */
  index(): Promise<void>;
  close(): Promise<void>;
}

async function openSqlite(now: number): Promise<Open> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-bench-'));
  const limits = { queuedMessagesMax: () => undefined, strangersMessagesMax: () => undefined };
  const opened = openSqliteStore({
    ...{ dataDirectory: directory, clock: systemClock, entropy: systemEntropy() },
    ...limits,
    fullBecause: () => undefined,
  });
  await fillSqlite(opened, MESSAGES, now);
  return {
    ...opened,
    index() {
      while (opened.writer.indexTail(1000));
      return Promise.resolve();
    },
    close() {
      opened.close();
      rmSync(directory, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

async function openPostgres(now: number): Promise<Open> {
  const database = await startPostgres(['shared_buffers = 256MB', 'max_wal_size = 8GB', 'fsync = off']);
  const server = serverOf(database.url);
  const common = { server, clock: systemClock, entropy: systemEntropy() };
  const open = (name: string): Promise<OpenPostgresStore> =>
    openPostgresStore({ ...common, name, isTrusted: true });
  const before = await open('before');
  const connection = await connect(server, { clock: systemClock });
  await fillPostgres(before.store, connection, MESSAGES, now);
  await connection.close();
  await before.close();
  // What writes its own chain knows nothing of the rows that were put into it.
  const { store, lookups, writer, close } = await open('bench');
  return {
    ...{ store, lookups },
    async index() {
      while (await writer.indexTail(1000));
    },
    async close() {
      await close();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Accounts, and mail that waits. Gives the id of a message that does. */
async function fillRest({ store, index }: Open, now: number): Promise<string> {
  const names = ['alice', ...Array.from({ length: ACCOUNTS }, (_, n) => `user${n}`)];
  const accounts = names.map((name) =>
    identityChange(identityOf(`${name}@example.org`, { id: `id-${name}` }), 0, now),
  );
  const ids = idsFrom();
  const waiting = Array.from({ length: QUEUED }, (_, n) => {
    const said = { from: ALICE.login, identityId: ALICE.identityId, to: [`bob@d${n % 200}.example.net`] };
    return acceptOf(ids.next(now), now, { ...said, owner: 'bench' });
  });
  await store.commit(accounts);
  await store.commit(waiting);
  // Each was put off by its next hop.
  await store.commit(
    waiting.map(({ message: { id: messageId }, recipients: [recipient = { forwardPath: '' }] }) => {
      const delivery = {
        messageId,
        recipientNumber: 0,
        recipient,
        domain: '',
        attempt: 1,
        delayReported: false,
      };
      return settleOf('bench', [delivery], deferred(now + DAY), now);
    }),
  );
  await index();
  return waiting[0]?.message.id ?? '';
}

interface Measured {
  readonly status: number;
  /** Of the process, mean, ms: it is nearly the same on a busy machine. */
  readonly cpuMs: number;
  readonly times: readonly number[];
  /** Asked of the store, of one that was measured. */
  readonly lookups: number;
}

type Headers = Readonly<Record<string, string>>;

async function openWorld({ store, lookups }: Pick<Open, 'store' | 'lookups'>) {
  const office = openOffice({ store, lookups, clock: systemClock, entropy: systemEntropy() });
  const admin = 'user1@example.org';
  await office.setRole({ login: admin, role: 'admin', domains: [] });
  const desk = openDesk({ office });
  async function headersOf(login: string, role: Role, cookie: string): Promise<(path: string) => Headers> {
    const { token } = await office.addToken({
      login,
      label: 'bench',
      scopes: scopesFor(role),
      lifetimeMs: DAY,
    });
    const reason = 'how long does it take';
    return (path) => (path.startsWith(API_PATH) ? { authorization: `Bearer ${token}`, reason } : { cookie });
  }
  const own = { who: ALICE.login, role: 'user', identityId: ALICE.identityId } as const;
  const headers: Readonly<Record<As, (path: string) => Headers>> = {
    admin: await headersOf(admin, 'admin', (await desk.enter()).cookie),
    alice: await headersOf(ALICE.login, 'user', (await desk.enterAs(own)).cookie),
  };
  return { desk, headers, clock: office.clock };
}

async function measured(open: Open, now: number): Promise<ReadonlyMap<string, Measured>> {
  const id = await fillRest(open, now);
  const { lookups, asked } = countedLookups(open.lookups);
  const { desk, headers, clock } = await openWorld({ store: open.store, lookups });
  const answers = new Map<string, Measured>();
  for (const { path, as, shown } of questionsOf({ id, messages: MESSAGES })) {
    const times: number[] = [];
    let [status, cpu, count] = [0, 0, 0];
    for (let time = 0; time < WARM + TIMES; time += 1) {
      // As if a second had passed: the API takes so many requests a minute.
      clock.advance(SECOND_MS);
      const [at, cpuAt, askedAt] = [performance.now(), process.cpuUsage(), asked()];
      const answer = await desk.get(path, headers[as](path));
      await answer.arrayBuffer();
      const { user, system } = process.cpuUsage(cpuAt);
      if (time >= WARM) {
        times.push(performance.now() - at);
        cpu += user + system;
      }
      count = asked() - askedAt;
      ({ status } = answer);
      // Each look is recorded.
      await open.index();
    }
    answers.set(shown, { status, times, cpuMs: cpu / times.length / 1000, lookups: count });
    process.stderr.write(`\r${answers.size} measured`);
  }
  return answers;
}

const columns: ReadonlyMap<string, Measured>[] = [];
for (const engine of values.engine) {
  const now = systemClock.now();
  const open = await (engine === 'postgres' ? openPostgres(now) : openSqlite(now));
  try {
    columns.push(await measured(open, now));
  } finally {
    await open.close();
  }
}
process.stderr.write('\n');
let isFaulty = false;
const cell = (found: Measured | undefined): string => {
  if (found === undefined) return '';
  const { status, times, cpuMs, lookups } = found;
  if (status !== 200) {
    isFaulty = true;
    return `FAULT: ${status}`;
  }
  const p95 = quantile(times, 0.95);
  const words = [median(times), p95, cpuMs].map((ms) => ms.toFixed(1)).join(', ');
  return `${words} ms, ${lookups}${p95 > BAR_MS ? ' MISSED' : ''}`;
};
printTable([
  ['p50, p95, CPU, look-ups', ...values.engine],
  ...[...(columns[0]?.keys() ?? [])].map((path) => [
    path,
    ...columns.map((column) => cell(column.get(path))),
  ]),
]);
if (isFaulty) process.exitCode = 1;
