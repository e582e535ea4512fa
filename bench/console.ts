// How long the console's server takes for each page, and for each answer of the API, with a long trail and a queue behind it: no network, no thread between. p95 of many, in turn,
// after some that warm up; a p95 above 50 ms is marked. CPU is of this process alone.
//   node bench/console.ts                        1,000,000 messages in the trail, on SQLite and on PostgreSQL: ten minutes, 3 GiB in the temporary directory
//   node bench/console.ts --messages 100000 --engine sqlite

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { UseCaseName } from '../src/administration/use-cases.ts';
import { pages } from '../src/console/routes.ts';
import { API_PATH } from '../src/http/api/path.ts';
import { routes } from '../src/http/api/routes.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemEntropy } from '../src/platform/entropy.ts';
import { tokenScopes } from '../src/record/identity.ts';
import type { Lookups } from '../src/store/lookups.ts';
import type { Store } from '../src/store/port.ts';
import { connect } from '../src/store/postgres/connection.ts';
import { openPostgresStore } from '../src/store/postgres/open.ts';
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
import { startPostgres } from '../test/system/postgres.ts';
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
  const { store, lookups, writer, close } = await openPostgresStore({
    ...common,
    name: 'bench',
    isTrusted: true,
  });
  const connection = await connect(server, { clock: systemClock });
  await fillPostgres(store, connection, MESSAGES, now);
  await connection.close();
  return {
    ...{ store, lookups },
    async index() {
      while (await writer.idle());
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

/** What is put in place of `{login}` and the like, and asked for by `?q=` and the like. */
const given = (id: string): Readonly<Record<string, string>> => ({
  ...{ login: ALICE.login, id, q: ALICE.login },
});

const questions = ['', ALICE.login, 'nobody@far.example', '192.0.2.7', `<m${MESSAGES / 2}@mail.example.org>`];

/** It gives all there is, in pieces. */
const isWhole = (useCase: UseCaseName): boolean => ['backUp', 'exportTrail'].includes(useCase);

/** Each page as it is, and those that ask for something. */
function pathsOf(id: string): readonly string[] {
  const words = new URLSearchParams(given(id));
  return [
    ...pages.flatMap(({ path }) => [path, `${path}?${words.toString()}`]),
    ...questions.map((q) => `/trace?q=${encodeURIComponent(q)}`),
    ...[`/trace?q=${id}`, '/queue?domain=d7.example.net', `/queue?identity=${ALICE.login}`],
    ...routes
      .filter(({ method, useCase }) => method === 'GET' && !isWhole(useCase))
      .map(({ path, query }) => {
        const asked = new URLSearchParams('q' in query.shape ? { q: ALICE.login } : {});
        const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
          encodeURIComponent(given(id)[name] ?? '1'),
        );
        return `${API_PATH}${filled}${asked.size > 0 ? `?${asked.toString()}` : ''}`;
      }),
  ];
}

interface Measured {
  readonly status: number;
  /** Of the process, mean, ms: it is nearly the same on a busy machine. */
  readonly cpuMs: number;
  readonly times: readonly number[];
}

async function measured(open: Open, now: number): Promise<ReadonlyMap<string, Measured>> {
  const id = await fillRest(open, now);
  const { store, lookups } = open;
  const office = openOffice({ store, lookups, clock: systemClock, entropy: systemEntropy() });
  const login = 'user1@example.org';
  await office.setRole({ login, role: 'admin', domains: [] });
  const { token } = await office.addToken({ login, label: 'bench', scopes: tokenScopes, lifetimeMs: DAY });
  const desk = openDesk({ office });
  const { cookie } = await desk.enter();
  const answers = new Map<string, Measured>();
  for (const path of pathsOf(id)) {
    const times: number[] = [];
    let [status, cpu] = [0, 0];
    for (let time = 0; time < WARM + TIMES; time += 1) {
      // As if a second had passed: the API takes so many requests a minute.
      office.clock.advance(SECOND_MS);
      const [at, cpuAt] = [performance.now(), process.cpuUsage()];
      const answer = await desk.get(
        path,
        path.startsWith(API_PATH) ? { authorization: `Bearer ${token}` } : { cookie },
      );
      await answer.arrayBuffer();
      const { user, system } = process.cpuUsage(cpuAt);
      if (time >= WARM) {
        times.push(performance.now() - at);
        cpu += user + system;
      }
      ({ status } = answer);
      // Each look is recorded.
      await open.index();
    }
    answers.set(nameOf(path, id), { status, times, cpuMs: cpu / times.length / 1000 });
    process.stderr.write(`\r${answers.size} measured`);
  }
  return answers;
}

const nameOf = (path: string, id: string): string => decodeURIComponent(path).replaceAll(id, 'ID');

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
const cell = (found: Measured | undefined): string => {
  if (found === undefined) return '';
  const p95 = quantile(found.times, 0.95);
  const refused = found.status === 200 ? '' : ` (${found.status})`;
  return `${median(found.times).toFixed(1)}, ${p95.toFixed(1)}, ${found.cpuMs.toFixed(1)} ms${refused}${p95 > BAR_MS ? ' MISSED' : ''}`;
};
printTable([
  ['p50, p95, CPU', ...values.engine],
  ...[...(columns[0]?.keys() ?? [])].map((path) => [
    path,
    ...columns.map((column) => cell(column.get(path))),
  ]),
]);
