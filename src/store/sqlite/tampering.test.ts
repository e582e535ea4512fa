// Whoever can write the database changes the trail in every way: each column of its table, rows of the look-up index, the end of the chain, the whole
// chain. `audit verify` finds each of them (D-TR-3).

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Verification, verifyTrail, type VerifyOptions } from '../../audit/verify.ts';
import { partHash } from '../../record/event-content.ts';
import { firstLink, hashesOf, linkOf, linkOfVersion1 } from '../../record/link.ts';
import { Bench, DAY, START, started } from '../store.contract-fixtures.ts';
import {
  assertFound,
  FORGET_HEAD,
  type Spelling,
  type Tampering,
  tamperings,
} from '../store.contract-tampering.ts';
import { delivered } from '../store.contract-trail.ts';
import { type Database, openDatabase } from './database.ts';
import { bytes, number, optionalBytes, optionalText, text } from '../row.ts';
import { STORE_FILE } from './schema.ts';
import { openAt, removeDirectory, temporaryDirectory } from './sqlite.contract-fixtures.ts';

const source = temporaryDirectory();
test.after(() => removeDirectory(source));
const written = await writeStore();

/** Two months of a trail: some of it purged, some of it erased, delivered mail, queued mail, a change of an identity. */
async function writeStore(): Promise<{ readonly lastLink: string; readonly linkOfFirstHalf: string }> {
  const opened = openAt(source);
  const bench = await Bench.open(async () => ({
    ...opened,
    restart: () => Promise.reject(new Error('not here')),
    close: () => opened.close(),
  }));
  const deliver = (to: string): Promise<unknown> => delivered(bench, { identityId: 'i1', to: [to] });
  await deliver('bob@example.net');
  bench.clock.advance(20 * DAY);
  await deliver('carla@example.net');
  await deliver('dora@example.net');
  bench.clock.advance(20 * DAY);
  const now = bench.clock.now();
  await bench.one({ type: 'purge', eventsBefore: now - 30 * DAY, now, max: 100 });
  const erase = { addresses: ['carla@example.net'], before: now - DAY, now, by: 'root' };
  await bench.one({ type: 'erase', ...erase });
  const linkOfFirstHalf = lastLinkOf(await verifyTrail(bench.lookups));
  await bench.accepted({ identityId: 'i1', to: ['emil@example.net'] });
  await bench.one({ type: 'record', events: [{ ...started(now), identityId: 'i1' }] });
  while (opened.writer.indexTail(500));
  const verified = await verifyTrail(bench.lookups, { expect: linkOfFirstHalf });
  assert.equal(verified.broken, undefined, JSON.stringify(verified.broken));
  opened.close();
  return { lastLink: lastLinkOf(verified), linkOfFirstHalf };
}

function lastLinkOf({ chains }: Verification): string {
  assert.equal(chains.length, 1);
  return chains[0]?.lastLink ?? '';
}

async function verifiedAfter(
  tamper: (db: Database) => void,
  options: VerifyOptions = {},
): Promise<Verification> {
  const directory = temporaryDirectory();
  try {
    cpSync(source, directory, { recursive: true });
    const db = openDatabase(join(directory, STORE_FILE));
    tamper(db);
    db.close();
    const { lookups, close } = openAt(directory);
    try {
      return await verifyTrail(lookups, options);
    } finally {
      close();
    }
  } finally {
    removeDirectory(directory);
  }
}

const spelling: Spelling = {
  ...{ place: 'sequence', words: 'trail_term', entry: 'sequence', saidOfPlaces: 'place', last: 10 },
  zeros: (column) => `zeroblob(length(${column}))`,
  octets: (hex) => `x'${hex}'`,
  joined: (one, other) => `CAST(${one} || ${other} AS BLOB)`,
  loosenRegister: '',
  forgetIndexed: "UPDATE meta SET value = 0 WHERE name = 'indexed'",
};

const YOUNG = "(SELECT max(sequence) FROM event WHERE type = 'accepted')";

/** Beside those of all engines. */
const own: readonly Tampering[] = [
  {
    why: 'the beginning, as if it had been left elsewhere',
    sql: `UPDATE chain SET checkpoint = 3, checkpoint_link = (SELECT link FROM event WHERE sequence = 3);
      DELETE FROM trail_term WHERE sequence <= 3; DELETE FROM event WHERE sequence <= 3`,
    because: /event 1 is missing/,
  },
  {
    why: 'all of it, as if it had been left elsewhere',
    sql: `UPDATE chain SET checkpoint = head, checkpoint_link = head_link; DELETE FROM trail_term; DELETE FROM event;
      DELETE FROM message; DELETE FROM recipient; DELETE FROM inflight`,
    because: /event 1 .* missing|its end was cut off/,
  },
  {
    why: 'a number in its chain',
    sql: `UPDATE event SET chain_sequence = 7 WHERE sequence = ${YOUNG}`,
    because: /is missing/,
  },
  {
    why: 'the id taken out',
    sql: `DELETE FROM trail_term WHERE term LIKE 'id:%' AND sequence = ${YOUNG}`,
    because: /lacks 1 of its/,
  },
  {
    why: 'a number before the first, which look-ups would tell of',
    sql: `INSERT INTO event SELECT 0, chain, time, type, message_id, 'mallory', salt, payload, content_hash, link, place_salt, place, NULL FROM event WHERE sequence = ${YOUNG};
      INSERT INTO trail_term SELECT term, 0 FROM trail_term WHERE sequence = ${YOUNG}`,
    because: /no event has such a number/,
  },
];

for (const tampering of [...tamperings(spelling), ...own])
  test(`D-TR-3: tampering is found: ${tampering.why}`, async () => {
    assertFound(tampering, await verifiedAfter((db) => db.exec(tampering.sql)));
  });

/** All events from here on linked again, as somebody would who can compute. */
function linkAgain(db: Database, from: number): void {
  let previous = db.get('SELECT link FROM event WHERE sequence = ?', from - 1);
  for (const row of db.all('SELECT * FROM event WHERE sequence >= ? ORDER BY sequence', from)) {
    const [salt, payload] = [optionalBytes(row, 'salt'), optionalBytes(row, 'payload')];
    const [placeSalt, place] = [optionalBytes(row, 'place_salt'), optionalBytes(row, 'place')];
    const content =
      salt === undefined || payload === undefined
        ? bytes(row, 'content_hash')
        : hashesOf({
            payload: { salt, octets: payload },
            place: placeSalt && place && { salt: placeSalt, octets: place },
          });
    const link = linkOf({
      ...{ chain: 1, previous: previous === undefined ? firstLink : bytes(previous, 'link') },
      ...{ sequence: number(row, 'sequence'), time: number(row, 'time'), type: text(row, 'type') },
      ...{ messageId: optionalText(row, 'message_id'), identityId: optionalText(row, 'identity_id') },
      partHashes: content,
    });
    db.run(
      'UPDATE event SET content_hash = ?, link = ? WHERE sequence = ?',
      content,
      link,
      number(row, 'sequence'),
    );
    previous = db.get('SELECT link FROM event WHERE sequence = ?', number(row, 'sequence'));
  }
}

test('D-TR-3: links of version 1, which cover less, prove nothing after those of version 2', async () => {
  const { broken } = await verifiedAfter((db) => {
    const [last, before] = db.all('SELECT * FROM event ORDER BY sequence DESC LIMIT 2');
    assert.ok(last !== undefined && before !== undefined);
    const partHashes = partHash({ salt: bytes(last, 'salt'), octets: bytes(last, 'payload') });
    const link = linkOfVersion1({
      ...{ chain: 1, previous: bytes(before, 'link'), sequence: number(last, 'sequence'), partHashes },
      ...{ time: number(last, 'time'), type: text(last, 'type'), identityId: text(last, 'identity_id') },
    });
    const sql = 'UPDATE event SET content_hash = ?, link = ? WHERE sequence = ?';
    db.run(sql, partHashes, link, number(last, 'sequence'));
  });
  assert.match(broken?.because ?? '', /link/);
});

function rewrite(db: Database): void {
  db.run("UPDATE event SET identity_id = 'mallory' WHERE sequence = 9");
  db.run("UPDATE message SET identity_id = 'mallory'");
  db.run("UPDATE trail_term SET term = 'identity:mallory' WHERE term = 'identity:i1' AND sequence = 9");
  linkAgain(db, 9);
  db.exec(FORGET_HEAD);
}

function cutEnd(db: Database): void {
  db.exec(`DELETE FROM event WHERE sequence = (SELECT max(sequence) FROM event); ${FORGET_HEAD}`);
}

test('D-TR-3: a chain that was written again, or whose end was cut, holds by itself, and not against a link that was kept', async () => {
  for (const tamper of [rewrite, cutEnd]) {
    assert.equal((await verifiedAfter(tamper)).broken, undefined);
    const { broken } = await verifiedAfter(tamper, { expect: written.lastLink });
    assert.match(broken?.because ?? '', /the end of the trail was cut off, or the chain was written again/);
  }
  const older = await verifiedAfter(rewrite, { expect: written.linkOfFirstHalf });
  assert.equal(older.broken, undefined, 'what was kept before it proves what stood before it');
});

test('D-TR-3: what is erased while the trail is verified is no tampering', async () => {
  const directory = temporaryDirectory();
  cpSync(source, directory, { recursive: true });
  const { store, lookups, close } = openAt(directory);
  try {
    let pages = 0;
    const { broken } = await verifyTrail({
      ...lookups,
      async links(page) {
        pages += 1;
        const now = START + 40 * DAY;
        const dora = { addresses: ['dora@example.net'], before: now - DAY, now, by: 'root' };
        if (pages === 2) await store.commit([{ type: 'erase', ...dora }]);
        return lookups.links(page);
      },
    });
    assert.equal(pages, 2, 'what was erased before is looked at once more');
    assert.equal(broken, undefined, JSON.stringify(broken));
    const verified = await verifyTrail(lookups);
    assert.deepEqual([verified.forgotten, verified.broken], [6, undefined]);
  } finally {
    close();
    removeDirectory(directory);
  }
});
