// Whole days of the trail are dropped: what is left is found and holds, and what was queued is kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyTrail } from '../../audit/verify.ts';
import { KeptDigest } from '../../record/beginnings.ts';
import { sealed } from '../../record/link.ts';
import { purgedEvent } from '../forgetting.ts';
import { type Bench, DAY, final, settleOf, started } from '../store.contract-fixtures.ts';
import { delivered, findable, findableTerms } from '../store.contract-trail.ts';
import { keepChains } from './chains.ts';
import { connect, type Connection } from './connection.ts';
import { keepPartitions } from './partitions.ts';
import { openInside, withoutPostgres } from './postgres.contract-fixtures.ts';
import { createPostgresLookups } from './lookups.ts';
import { type Sql, sqlOver } from './sql.ts';

const skip = withoutPostgres;

async function opened(t: { after(done: () => Promise<void>): void }) {
  const { bench, database, sql } = await openInside(t);
  const connected = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = await connect(database.server, { clock: bench.clock });
    try {
      return await work(connection);
    } finally {
      await connection.close();
    }
  };
  const nextDay = async (days = 1): Promise<void> => {
    const keeper = keepPartitions(bench.clock, (because) => assert.fail(because));
    while ((await bench.idle()) === true);
    await connected((connection) => keeper.keep(connection, bench.clock.now()));
    bench.clock.advance(days * DAY);
    await connected((connection) => keeper.keep(connection, bench.clock.now()));
  };
  return { bench, sql, connected, nextDay };
}

async function purge(bench: Bench): Promise<number> {
  let count = 0;
  for (;;) {
    const now = bench.clock.now();
    const outcome = await bench.one({ type: 'purge', eventsBefore: now - 30 * DAY, now, max: 100 });
    assert.ok(outcome.type === 'purged', JSON.stringify(outcome));
    count += outcome.count;
    if (!outcome.more) return count;
  }
}

async function names(sql: Sql): Promise<string> {
  const rows = await sql.all(
    "SELECT relid::text AS name FROM pg_partition_tree('event') WHERE level = 1 ORDER BY length(relid::text), relid::text LIMIT 3",
  );
  return rows.map((row) => String(row['name'])).join(' ');
}

async function assertHolds(bench: Bench, expect?: string) {
  const verified = await verifyTrail(bench.lookups, expect === undefined ? {} : { expect });
  assert.equal(verified.broken, undefined, JSON.stringify(verified.broken));
  return verified;
}

test('a day that is over is dropped, with what mail in the queue needs put aside', { skip }, async (t) => {
  const { bench, sql, nextDay } = await opened(t);
  const gone = await delivered(bench, { ...findable, identityId: 'i1' });
  const held = await bench.accepted({ to: ['held@example.net'], identityId: 'i2' });
  await bench.one({ type: 'record', events: [started(bench.clock.now())] });
  await nextDay();
  const young = await delivered(bench, { to: ['young@example.net'] });
  const [first] = (await assertHolds(bench)).chains;
  assert.equal(await purge(bench), 0);
  await nextDay(30);
  assert.equal(await names(sql), 'event_0 event_1 event_2');
  assert.equal(await purge(bench), 6);
  assert.equal(await names(sql), 'event_1 event_2 event_3');
  for (const { why, term } of findableTerms) assert.deepEqual(await bench.findIds(term, 9), [], why);
  assert.deepEqual(await bench.lookups.eventsOfMessage(gone, 9), []);
  for (const [address, id] of [
    ['held@example.net', held.message.id],
    ['young@example.net', young],
  ] as const)
    for (const range of [{ max: 9 }, { max: 9, since: 1 }])
      assert.deepEqual((await bench.lookups.findMessages({ kind: 'address', address }, range)).ids, [id]);
  const [kept] = await bench.lookups.eventsOfMessage(held.message.id, 9);
  assert.deepEqual([kept?.sequence, kept?.payload === undefined], [6, false]);
  const verified = await assertHolds(bench, first?.lastLink);
  const told = (await bench.events()).findLast(({ type }) => type === 'purged');
  assert.ok(told?.type === 'purged' && told.payload !== undefined);
  const { checkpoints, kept: count, events } = told.payload.detail;
  assert.deepEqual(
    [checkpoints, count, events].map((one) => JSON.stringify(one)?.replace(/[0-9a-f]{64}/, 'LINK')),
    ['["1 7 LINK"]', '1', '6'],
  );
  assert.deepEqual([verified.chains[0]?.checkpoint, verified.events], [7, 4]);
  const walked = await bench.lookups.events({ max: 2 });
  const after = walked.at(-1)?.cursor ?? '';
  assert.deepEqual(
    walked.map(({ sequence }) => sequence),
    [6, 8],
  );
  const rest = await bench.lookups.events({ max: 9, after });
  assert.deepEqual(
    rest.map(({ sequence }) => sequence),
    [9, 1],
  );

  // Once it has left the queue, what was kept goes with the next day.
  for (const delivery of await bench.claim('a'))
    await bench.one(settleOf('a', [delivery], final, bench.clock.now()));
  assert.equal(await purge(bench), 0);
  await nextDay();
  await purge(bench);
  await assertHolds(bench);
  assert.deepEqual(
    (await bench.lookups.eventsOfMessage(held.message.id, 9)).map(({ type }) => type),
    ['relayed'],
  );
  assert.equal(await names(sql), 'event_2 event_3 event_4');
});

test('a chain of which nothing is left goes, one that is written to stays', { skip }, async (t) => {
  const { bench, connected, nextDay } = await opened(t);
  await bench.one({ type: 'record', events: [started(bench.clock.now())] });
  await bench.restart();
  await bench.one({ type: 'record', events: [started(bench.clock.now())] });
  await connected((connection) => keepChains(bench.clock, () => []).keep(connection));
  await nextDay();
  await nextDay(31);
  const told = async (): Promise<readonly string[]> => {
    const { chains } = await assertHolds(bench);
    return chains.map(({ name, sequence, checkpoint }) => `${name} ${sequence} after ${checkpoint}`);
  };
  assert.deepEqual(await told(), ['node/1/flow 1 after undefined', 'node/2/flow 1 after undefined']);
  // Of two days, one of them without an event.
  assert.equal(await purge(bench), 2);
  assert.deepEqual(await told(), ['node/2/flow 1 after 1', 'node/2/commands 2 after undefined']);
});

test('who reads for long puts the drop off, and holds up mail for a moment only', { skip }, async (t) => {
  const { bench, sql, nextDay } = await opened(t);
  await bench.one({ type: 'record', events: [started(bench.clock.now())] });
  await nextDay();
  await nextDay(31);
  await sql.run('BEGIN');
  await sql.all('SELECT 1 FROM event');
  const [count] = await Promise.all([purge(bench), bench.accepted()]);
  assert.equal(count, 0);
  await sql.run('COMMIT');
  await assertHolds(bench);
  assert.equal(await purge(bench), 1);
  await assertHolds(bench);
});

test('what was erased may be dropped, and its erasure too', { skip }, async (t) => {
  const { bench, nextDay } = await opened(t);
  await delivered(bench, findable);
  const now = bench.clock.now() + 1;
  await bench.one({ type: 'erase', addresses: ['bob@example.net'], before: now, now, by: 'root' });
  await nextDay();
  await delivered(bench, findable);
  await nextDay();
  await bench.one({ type: 'erase', addresses: ['bob@example.net'], before: now + 2 * DAY, now, by: 'root' });
  await nextDay(29);
  for (let day = 0; day < 4; day += 1) {
    await purge(bench);
    await assertHolds(bench);
    await nextDay();
  }
});

/** As whoever can write the tables would, when a day was dropped. The chain of mail begins after its event 7; the sixth was kept, and it is queued. */
const tamperings: readonly { readonly why: string; readonly sql: string; readonly because: RegExp }[] = [
  {
    why: 'more of the beginning removed',
    sql: `UPDATE chain c SET checkpoint = 8, checkpoint_link = (SELECT link FROM event e WHERE e.chain = 1 AND e.sequence = 8) WHERE id = 1;
      DELETE FROM term WHERE place IN (SELECT place FROM event WHERE chain = 1 AND sequence = 8); DELETE FROM event WHERE chain = 1 AND sequence = 8`,
    because: /only after it, and no purge tells of it/,
  },
  {
    why: 'the first that is left removed',
    sql: 'DELETE FROM event WHERE chain = 1 AND sequence = 8',
    because: /event 8 is missing/,
  },
  {
    why: 'the checkpoint taken out',
    sql: 'UPDATE chain SET checkpoint = NULL, checkpoint_link = NULL',
    because: /event 1 is missing/,
  },
  {
    why: 'the link of the checkpoint',
    sql: "UPDATE chain SET checkpoint_link = decode(repeat('00', 32), 'hex') WHERE id = 1",
    because: /its link does not follow/,
  },
  {
    why: 'the chain, with its purge',
    sql: "DELETE FROM event WHERE type = 'purged'; DELETE FROM chain WHERE id = 2",
    because: /no purge tells of it/,
  },
  {
    why: 'what the purge tells',
    sql: "UPDATE event SET payload = NULL, salt = NULL, place_content = NULL, place_salt = NULL WHERE type = 'purged'",
    because: /no purge tells of it/,
  },
  {
    why: 'the account of what was kept',
    sql: "UPDATE event_kept SET identity_id = 'mallory'; UPDATE term_kept SET term = 'identity:mallory' WHERE term = 'identity:i2'",
    because: /no purge tells of just these/,
  },
  {
    why: 'the link of what was kept',
    sql: "UPDATE event_kept SET link = decode(repeat('00', 32), 'hex')",
    because: /no purge tells of just these/,
  },
  { why: 'the content of what was kept', sql: "UPDATE event_kept SET payload = '{}'", because: /content/ },
  { why: 'a word of what was kept', sql: 'DELETE FROM term_kept', because: /lacks/ },
  {
    why: 'what was kept, removed',
    sql: 'DELETE FROM term_kept; DELETE FROM event_kept',
    because: /no purge tells of just these/,
  },
  {
    why: 'more than was kept put in',
    sql: `INSERT INTO event SELECT place - 1, chain, sequence - 1, time, type, message_id, identity_id, salt, payload, place_salt, place_content, content_hash, link FROM event_kept;
      INSERT INTO term SELECT term, place - 1 FROM term_kept`,
    because: /no purge tells of just these/,
  },
];

test('D-TR-3: postgres: tampering with a trail of which a day was dropped is found', { skip }, async (t) => {
  const { bench, connected, nextDay } = await opened(t);
  await delivered(bench, { ...findable, identityId: 'i1' });
  await bench.accepted({ to: ['held@example.net'], identityId: 'i2' });
  await bench.one({ type: 'record', events: [started(bench.clock.now())] });
  await nextDay();
  await delivered(bench, { to: ['young@example.net'] });
  const [, kept] = [await nextDay(30), (await assertHolds(bench)).chains[0]?.lastLink];
  await purge(bench);
  await delivered(bench, { to: ['young@example.net'] });
  while ((await bench.idle()) === true);
  await assertHolds(bench, kept);
  const after = (sql: string, expect?: string) =>
    connected(async (connection) => {
      // Never committed.
      await connection.exec(`BEGIN; ${sql}`);
      const within = sqlOver(connection);
      const copyOut = (): Promise<never> => Promise.reject(new Error('verify reads no content'));
      const close = (): Promise<void> => Promise.resolve();
      const inOneView = <T>(look: (its: Sql) => Promise<T>): Promise<T> => look(within);
      const lookups = createPostgresLookups({ ...within, inOneView, copyOut, close });
      return (await verifyTrail(lookups, expect === undefined ? {} : { expect })).broken;
    });
  for (const { why, sql, because } of tamperings)
    await t.test(why, async () => assert.match((await after(sql))?.because ?? 'nothing was found', because));

  // Whoever knows how chains are made can add a purge of his own. What was kept elsewhere, and is no older than the retention, must still be there.
  const [own] = (await bench.lookups.chains()).filter(({ chain }) => chain === 2);
  const links = await bench.lookups.links({ max: 99 });
  const eighth = links.find(({ chain, sequence }) => chain === 1 && sequence === 9);
  assert.ok(own && eighth);
  const digest = new KeptDigest();
  for (const link of links.filter(({ chain, sequence }) => chain === 1 && sequence <= 7)) digest.add(link);
  const event = purgedEvent(
    { type: 'purge', eventsBefore: bench.clock.now() - 30 * DAY, now: bench.clock.now(), max: 1 },
    { events: 1, tombstones: 0, sharedKeys: 0 },
    { checkpoints: [eighth], kept: digest.count, keptDigest: digest.digest() },
  );
  assert.ok(event);
  const end = links.findLast(({ chain }) => chain === 2);
  assert.ok(end);
  const { payload, partHashes, link, sequence } = sealed(end, event, () => new Uint8Array(16));
  const hex = (octets: Uint8Array): string => `'\\x${Buffer.from(octets).toString('hex')}'`;
  const forged = `UPDATE chain SET checkpoint = 9, checkpoint_link = ${hex(eighth.link)} WHERE id = 1;
    DELETE FROM term WHERE place IN (SELECT place FROM event WHERE chain = 1 AND sequence IN (8, 9));
    DELETE FROM event WHERE chain = 1 AND sequence IN (8, 9);
    INSERT INTO event (chain, sequence, time, type, salt, payload, content_hash, link) VALUES (2, ${sequence}, ${event.time}, 'purged',
      ${hex(payload.salt)}, ${hex(payload.octets)}, ${hex(partHashes)}, ${hex(link)})`;
  assert.equal(await after(forged), undefined, 'the trail alone does not tell');
  const eight = links.find(({ chain, sequence: at }) => chain === 1 && at === 8);
  assert.match(
    (await after(forged, Buffer.from(eight?.link ?? []).toString('hex')))?.because ?? '',
    /it is older than the retention, or the end of the trail was cut off/,
  );
});
