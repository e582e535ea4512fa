// Look-ups of a long trail on PostgreSQL: are they as fast when it is ten times as long? The trail is written as rows, like those that a server writes: two events
// and seven words a message, 30 days, a partition for each. Each look-up is asked through the store's own code; times are medians. Pages are those of the database that one
// look-up touched: they are the same on a busy machine.
//   node bench/trail.ts                         200,000 and 1,000,000 messages: some minutes, 3 GiB in the temporary directory
//   node bench/trail.ts --messages 5000000      so many alone

import { parseArgs } from 'node:util';
import { systemClock } from '../src/platform/clock.ts';
import { systemEntropy } from '../src/platform/entropy.ts';
import type { Lookups, TraceTerm } from '../src/store/lookups.ts';
import { connect, type Connection } from '../src/store/postgres/connection.ts';
import { openPostgresStore } from '../src/store/postgres/open.ts';
import { DAY } from '../src/store/store.contract-fixtures.ts';
import { startPostgres } from '../test/system/postgres.ts';
import { fillPostgres, serverOf } from './long-trail.ts';
import { median, printTable } from './measuring.ts';

const { values } = parseArgs({ options: { messages: { type: 'string', multiple: true } } });
const SIZES = (values.messages ?? ['200000', '1000000']).map(Number);
const TIMES = 21;
/** Within so long each connection has told PostgreSQL's statistics what it did (`PGSTAT_IDLE_INTERVAL`). */
const TOLD_MS = 11_000;
interface Question {
  readonly what: string;
  ask(lookups: Lookups, messages: number, now: number): Promise<number>;
}

const found =
  (term: (messages: number) => TraceTerm, range: (now: number) => object = () => ({})) =>
  async (lookups: Lookups, messages: number, now: number): Promise<number> =>
    (await lookups.findMessages(term(messages), { max: 60, ...range(now) })).ids.length;

const alice: TraceTerm = { kind: 'address', address: 'alice@example.org' };
const questions: readonly Question[] = [
  {
    what: 'a Message-ID',
    ask: found((n) => ({ kind: 'messageIdField', value: `<m${n / 2}@mail.example.org>` })),
  },
  {
    what: 'an address of one message',
    ask: found((n) => ({ kind: 'address', address: `bob${n / 2}@d${(n / 2) % 200}.example.net` })),
  },
  { what: 'an address of a quarter of all, newest 60', ask: found(() => alice) },
  {
    what: 'the same, three days a week ago',
    ask: found(
      () => alice,
      (now) => ({ since: now - 10 * DAY, until: now - 7 * DAY }),
    ),
  },
  { what: 'a network, newest 60', ask: found(() => ({ kind: 'network', address: '10.0.7.1' })) },
  {
    what: 'a word that is not there',
    ask: found(() => ({ kind: 'address', address: 'nobody@example.com' })),
  },
  {
    what: 'all events of an identity, newest 60',
    ask: async (lookups) =>
      (await lookups.findEvents([{ kind: 'identity', identityId: 'id-alice' }], { max: 60 })).events.length,
  },
  {
    what: 'the events of a message',
    ask: async (lookups, n) =>
      (await lookups.eventsOfMessage(`01${String(n / 2).padStart(24, '0')}`, 9)).length,
  },
];

async function pagesTouched(connection: Connection): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, TOLD_MS));
  const { rows } = await connection.query(
    'SELECT blks_hit + blks_read AS pages FROM pg_stat_database WHERE datname = current_database()',
  );
  return Number(rows[0]?.['pages']);
}

async function measured(messages: number): Promise<ReadonlyMap<string, string>> {
  await using database = await startPostgres([
    'shared_buffers = 256MB',
    'max_wal_size = 8GB',
    'fsync = off',
    'autovacuum = off',
  ]);
  const server = serverOf(database.url);
  const entropy = systemEntropy();
  const store = await openPostgresStore({
    server,
    clock: systemClock,
    entropy,
    name: 'bench',
    isTrusted: true,
  });
  const connection = await connect(server, { clock: systemClock });
  try {
    const now = systemClock.now();
    await fillPostgres(store.store, connection, messages, now);
    const answers = new Map<string, string>();
    for (const { what, ask } of questions) {
      const before = await pagesTouched(connection);
      const times: number[] = [];
      let count = 0;
      for (let time = 0; time <= TIMES; time += 1) {
        const at = performance.now();
        count = await ask(store.lookups, messages, now);
        if (time > 0) times.push(performance.now() - at);
      }
      const pages = Math.round(((await pagesTouched(connection)) - before) / (TIMES + 1));
      answers.set(what, `${median(times).toFixed(1)} ms, ${pages} pages (${count} found)`);
    }
    return answers;
  } finally {
    await connection.close();
    await store.close();
  }
}

const columns: ReadonlyMap<string, string>[] = [];
for (const size of SIZES) columns.push(await measured(size));
printTable([
  ['look-up', ...SIZES.map((size) => `${size.toLocaleString('en')} messages`)],
  ...questions.map(({ what }) => [what, ...columns.map((column) => column.get(what) ?? '')]),
]);
