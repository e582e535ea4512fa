// Whoever can write the database changes the trail of two writers in every way; `audit verify` finds each of them (D-TR-3). All is done in a transaction, looked at
// from within it, and taken back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Verification, verifyTrail, type VerifyOptions } from '../../audit/verify.ts';
import type { Store } from '../port.ts';
import { number } from '../row.ts';
import { acceptOf, type Bench, DAY, final, settleOf, started } from '../store.contract-fixtures.ts';
import {
  assertFound,
  FORGET_HEAD,
  type Spelling,
  type Tampering,
  tamperings,
} from '../store.contract-tampering.ts';
import { connect, type Connection } from './connection.ts';
import { createPostgresLookups } from './lookups.ts';
import { openInside, withoutPostgres } from './postgres.contract-fixtures.ts';
import { sqlOver } from './sql.ts';
import { indexSlice } from './term-index.ts';

const skip = withoutPostgres;

interface Written {
  readonly bench: Bench;
  readonly both: readonly [Store, Store];
  readonly connection: Connection;
  readonly linkOfFirstHalf: string;
  readonly lastLink: string;
}

const written = skip === false ? await writeStore() : undefined;

function store(): Written {
  assert.ok(written);
  return written;
}

/** Two months of a trail: some of it purged, some of it erased, delivered mail, queued mail. The second writer has carla's alone. */
async function writeStore(): Promise<Written> {
  const { bench, database } = await openInside({ after: (done) => test.after(done) });
  const connection = await connect(database.server, { clock: bench.clock });
  test.after(() => connection.close());
  const both = await bench.both();
  await deliver(bench, both[0], 'bob@example.net');
  bench.clock.advance(20 * DAY);
  await deliver(bench, both[1], 'carla@example.net');
  await deliver(bench, both[0], 'dora@example.net');
  bench.clock.advance(20 * DAY);
  const now = bench.clock.now();
  await bench.one({ type: 'purge', eventsBefore: now - 30 * DAY, now, max: 100 });
  await both[1].commit([
    { type: 'erase', addresses: ['carla@example.net'], before: now - DAY, now, by: 'root' },
  ]);
  const linkOfFirstHalf = linkOfFirst(await verifyTrail(bench.lookups));
  await bench.accepted({ identityId: 'i1', to: ['emil@example.net'] });
  await bench.one({ type: 'record', events: [{ ...started(now), identityId: 'i1' }] });
  await indexAll(connection);
  const verified = await verifyTrail(bench.lookups, { expect: linkOfFirstHalf });
  assert.equal(verified.broken, undefined, JSON.stringify(verified.broken));
  const of = verified.chains.map(({ name, sequence }) => `${name} ${sequence}`);
  assert.deepEqual(of, ['node/1/flow 6', 'node/1/commands 1', 'node/2/flow 2', 'node/2/commands 1']);
  return { bench, both, connection, linkOfFirstHalf, lastLink: linkOfFirst(verified) };
}

async function deliver(bench: Bench, by: Store, to: string): Promise<void> {
  const accept = acceptOf(bench.nextId(), bench.clock.now(), { identityId: 'i1', to: [to], owner: 'a' });
  await by.commit([accept]);
  const [entry] = await bench.lookups.queue({ messageId: accept.message.id }, { max: 1 });
  assert.ok(entry);
  const [outcome] = await by.commit([settleOf('a', [entry.delivery], final, bench.clock.now())]);
  assert.equal(outcome.type, 'settled');
}

/** From the first event on, whatever others have done: where they are further, nothing is written before that is known. */
async function indexAll(connection: Connection): Promise<void> {
  for (const row of await sqlOver(connection).all('SELECT id FROM chain')) {
    const chain = number(row, 'id');
    for (let from = -1, next = 0; next !== from;) {
      from = next;
      next = await indexSlice(connection, { chain, from, max: 99 });
    }
  }
}

function linkOfFirst({ chains }: Verification): string {
  return chains[0]?.lastLink ?? '';
}

async function verifiedAfter(sql: string, options: VerifyOptions = {}): Promise<Verification> {
  const { connection } = store();
  await connection.exec('BEGIN');
  try {
    await connection.exec(sql);
    const within = sqlOver(connection);
    const lookups = createPostgresLookups({
      ...within,
      inOneView: (look) => look(within),
      copyOut: () => Promise.reject(new Error('verify reads no content')),
      close: () => Promise.resolve(),
    });
    return await verifyTrail(lookups, options);
  } finally {
    await connection.exec('ROLLBACK');
  }
}

const spelling: Spelling = {
  ...{ place: 'place', words: 'term', entry: 'place', saidOfPlaces: 'place_content', last: 6 },
  zeros: (column) => `decode(repeat('00', length(${column})), 'hex')`,
  octets: (hex) => `'\\x${hex}'`,
  joined: (one, other) => `${one} || ${other}`,
  loosenRegister: 'ALTER TABLE chain ALTER COLUMN id DROP IDENTITY',
  forgetIndexed: 'UPDATE chain SET indexed = 0',
};

const YOUNG = "(SELECT max(place) FROM event WHERE type = 'accepted')";

/** Beside those of all engines. */
const own: readonly Tampering[] = [
  {
    why: 'an event of the second writer removed',
    sql: 'DELETE FROM event WHERE chain = 3 AND sequence = 1',
    because: /event 1 is missing/,
  },
  {
    why: 'the chain of the second writer removed',
    sql: 'DELETE FROM event WHERE chain = 3',
    because: /the chain had come to event 2: its end was cut off/,
  },
  {
    why: 'the chain of the second writer removed with its place in the register, which held an erasure',
    sql: 'DELETE FROM event WHERE chain = 4; DELETE FROM chain WHERE id = 4',
    because: /no purge or erasure tells of it$/,
  },
  {
    why: 'a word taken out of a chain that is closed, as if it was still to be written',
    sql: `UPDATE chain SET indexed = 0, closed = true; DELETE FROM term WHERE place = ${YOUNG}`,
    because: /lacks \d of its/,
  },
  {
    why: 'a word too many of an event that is not indexed, in the chain after one that has a tail',
    sql: `UPDATE chain SET indexed = 5 WHERE id = 1; DELETE FROM term WHERE place = (SELECT max(place) FROM event);
      INSERT INTO term SELECT 'address:mallory@example.org', max(place) FROM event WHERE chain = 3`,
    because: /a word that it does not have/,
  },
  {
    why: 'a number before the first, which look-ups would tell of',
    sql: `INSERT INTO event (place, chain, sequence, time, type, message_id, identity_id, salt, payload, content_hash, link, place_salt, place_content)
        SELECT 0, chain, 0, time, type, message_id, 'mallory', salt, payload, content_hash, link, place_salt, place_content FROM event WHERE place = ${YOUNG};
      INSERT INTO term SELECT term, 0 FROM term WHERE place = ${YOUNG}`,
    because: /no event has such a number/,
  },
];

for (const tampering of [...tamperings(spelling), ...own])
  test(`D-TR-3: postgres: tampering is found: ${tampering.why}`, { skip }, async () => {
    assertFound(tampering, await verifiedAfter(tampering.sql));
  });

test(
  'D-TR-3: postgres: a chain whose end was cut holds by itself, and not against a link that was kept',
  { skip },
  async () => {
    const cutEnd = `DELETE FROM event WHERE place = (SELECT max(place) FROM event);
      DELETE FROM term WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.place = term.place); ${FORGET_HEAD}`;
    assert.equal((await verifiedAfter(cutEnd)).broken, undefined);
    const { broken } = await verifiedAfter(cutEnd, { expect: store().lastLink });
    assert.match(broken?.because ?? '', /the end of the trail was cut off, or the chain was written again/);
    const older = await verifiedAfter(cutEnd, { expect: store().linkOfFirstHalf });
    assert.equal(older.broken, undefined, 'what was kept before it proves what stood before it');
  },
);

test(
  'D-TR-3: postgres: what two write, index and erase while the trail is verified is no tampering',
  { skip },
  async () => {
    const { bench, both, connection } = store();
    const now = bench.clock.now();
    const dora = { addresses: ['dora@example.net'], before: now - DAY, now, by: 'root' };
    let pages = 0;
    const { broken } = await verifyTrail({
      ...bench.lookups,
      async links(page) {
        pages += 1;
        const found = await bench.lookups.links(page);
        if (pages > 1) return found;
        for (const writer of both) await deliver(bench, writer, 'fred@example.net');
        await indexAll(connection);
        await both[1].commit([{ type: 'erase', ...dora }]);
        return found;
      },
    });
    assert.equal(pages, 2, 'what was erased before is looked at once more');
    assert.equal(broken, undefined, JSON.stringify(broken));
    const verified = await verifyTrail(bench.lookups);
    assert.deepEqual([verified.forgotten, verified.broken], [6, undefined]);
  },
);
