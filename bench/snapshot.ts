// What an old snapshot costs, as a dump holds one: dead rows of the queue can't be cleared away under it. Accept, settle and claim are timed on PostgreSQL before a snapshot
// is opened, and again when it has been held for a minute, under load all the time. Medians of groups, and what the second is of the first.
//   node bench/snapshot.ts                 three times: five minutes
//   node bench/snapshot.ts --rounds 1 --seconds 20

import { parseArgs } from 'node:util';
import { messageIdSource } from '../src/base/message-id.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemEntropy } from '../src/platform/entropy.ts';
import type { Change, Delivery, Outcome } from '../src/store/port.ts';
import { connect, type PostgresServer } from '../src/store/postgres/connection.ts';
import { type OpenPostgresStore, openPostgresStore } from '../src/store/postgres/open.ts';
import { acceptOf, final, settleOf } from '../src/store/store.contract-fixtures.ts';
import { startPostgres } from '../test/system/postgres.ts';
import { median, printTable } from './measuring.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seconds: { type: 'string' } } });
const ROUNDS = Number(values.rounds ?? 3);
const HELD_MS = Number(values.seconds ?? 60) * 1000;
/** Each measurement is of so long. */
const LOOK_MS = 10_000;
/** Messages of a group. */
const GROUP = 8;
const OWNER = 'node/1/1.1';

const acts = ['accept', 'settle', 'claim'] as const;
type Act = (typeof acts)[number];
type Times = Readonly<Record<Act, number[]>>;

const ids = messageIdSource((length) => systemEntropy().bytes(length));

/** One group in hand and delivered at once, and one that goes through the queue. */
async function pass({ store }: OpenPostgresStore, times: Times, n: number): Promise<void> {
  const timed = async (act: Act, changes: readonly Change[]): Promise<readonly Outcome[]> => {
    const at = performance.now();
    const outcomes = await store.commit(changes);
    times[act].push(performance.now() - at);
    return outcomes;
  };
  const now = systemClock.now();
  const group = Array.from({ length: GROUP }, () => ids.next(now));
  const from = 'alice@example.org';
  await timed(
    'accept',
    group.map((id) => acceptOf(id, now, { from, owner: OWNER, to: ['x@far.example'] })),
  );
  const domain = 'far.example';
  const recipient = { forwardPath: `x@${domain}` };
  const inHand = group.map((messageId): Delivery => {
    return { messageId, recipientNumber: 0, recipient, domain, attempt: 1, delayReported: false };
  });
  await timed(
    'settle',
    inHand.map((one) => settleOf(OWNER, [one], final, now)),
  );
  await store.commit(
    Array.from({ length: GROUP }, () => acceptOf(ids.next(now), now, { from, to: ['x@far.example'] })),
  );
  const [claimed] = await timed('claim', [
    { type: 'claim', owner: OWNER, token: String(n), shares: [{ max: GROUP }] },
  ]);
  if (claimed?.type !== 'claimed' || claimed.deliveries.length !== GROUP)
    throw new Error(`claimed ${JSON.stringify(claimed)}`);
  await store.commit(claimed.deliveries.map((one) => settleOf(OWNER, [one], final, now)));
}

let passes = 0;

async function during(open: OpenPostgresStore, ms: number): Promise<Readonly<Record<Act, number>>> {
  const times: Times = { accept: [], settle: [], claim: [] };
  for (const until = performance.now() + ms; performance.now() < until;) {
    await pass(open, times, (passes += 1));
    await open.writer.idle();
  }
  return { accept: median(times.accept), settle: median(times.settle), claim: median(times.claim) };
}

await using database = await startPostgres([
  ...['shared_buffers = 256MB', 'max_wal_size = 8GB', 'fsync = off', 'autovacuum_naptime = 10s'],
]);
const url = new URL(database.url);
const server: PostgresServer = {
  hosts: [{ host: url.hostname, port: Number(url.port) }],
  ...{ database: url.pathname.slice(1), user: url.username },
};
const open = await openPostgresStore({
  ...{ server, clock: systemClock, entropy: systemEntropy(), name: 'bench', isTrusted: true },
});
const dump = await connect(server, { clock: systemClock });
await dump.exec('SET idle_in_transaction_session_timeout = 0');
const rows: string[][] = [['round', ...acts.map((act) => `${act}, ms for ${GROUP}`)]];
const ratios: Times = { accept: [], settle: [], claim: [] };
try {
  await during(open, LOOK_MS);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = await during(open, LOOK_MS);
    await dump.exec('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await dump.query('SELECT count(*) FROM identity');
    await during(open, HELD_MS - LOOK_MS);
    const held = await during(open, LOOK_MS);
    await dump.exec('COMMIT');
    for (const act of acts) ratios[act].push(held[act] / before[act]);
    rows.push([String(round), ...acts.map((act) => `${before[act].toFixed(2)} → ${held[act].toFixed(2)}`)]);
    // Until it is cleared away.
    await during(open, 2 * LOOK_MS);
  }
} finally {
  await dump.close();
  await open.close();
}
rows.push(['ratio, median', ...acts.map((act) => median(ratios[act]).toFixed(2))]);
printTable(rows);
console.log(`${passes * 2 * GROUP} messages`);
