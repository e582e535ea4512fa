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

const YOUNG = "(SELECT max(sequence) FROM event WHERE type = 'accepted')";
const DELIVERED =
  "(SELECT max(e.sequence) FROM event e WHERE e.type = 'accepted' AND EXISTS (SELECT 1 FROM event f WHERE f.message_id = e.message_id AND f.type <> 'accepted'))";

/** Of the register: else it tells how far the chain had come. */
const FORGET_HEAD = 'UPDATE chain SET head = NULL, head_link = NULL';

const tampering: readonly { readonly why: string; readonly sql: string; readonly because: RegExp }[] = [
  { why: 'sequence', sql: `UPDATE event SET sequence = 99 WHERE sequence = ${YOUNG}`, because: /missing/ },
  {
    why: 'chain',
    sql: `UPDATE event SET chain = 2 WHERE sequence = ${YOUNG}`,
    because: /the register knows no chain 2/,
  },
  { why: 'time', sql: `UPDATE event SET time = time - 1 WHERE sequence = ${YOUNG}`, because: /link/ },
  { why: 'type', sql: `UPDATE event SET type = 'refused' WHERE sequence = ${YOUNG}`, because: /link/ },
  {
    why: 'type, so that older rules hold',
    sql: `UPDATE event SET type = 'chainVersion' WHERE sequence = ${YOUNG}`,
    because: /link/,
  },
  { why: 'message', sql: `UPDATE event SET message_id = 'x' WHERE sequence = ${YOUNG}`, because: /link/ },
  {
    why: 'identity of a message (version 1 let it pass)',
    sql: `UPDATE event SET identity_id = 'mallory' WHERE sequence = ${YOUNG}`,
    because: /link/,
  },
  {
    why: 'identity of what was forgotten',
    sql: "UPDATE event SET identity_id = 'mallory' WHERE sequence = 1",
    because: /link/,
  },
  {
    why: 'salt',
    sql: `UPDATE event SET salt = zeroblob(length(salt)) WHERE sequence = ${YOUNG}`,
    because: /content/,
  },
  { why: 'payload', sql: `UPDATE event SET payload = x'7b7d' WHERE sequence = ${YOUNG}`, because: /content/ },
  {
    why: 'salt of the place',
    sql: `UPDATE event SET place_salt = zeroblob(length(place_salt)) WHERE sequence = ${YOUNG}`,
    because: /content/,
  },
  { why: 'place', sql: `UPDATE event SET place = x'7b7d' WHERE sequence = ${YOUNG}`, because: /content/ },
  {
    why: 'place taken away',
    sql: `UPDATE event SET place = NULL, place_salt = NULL WHERE sequence = ${YOUNG}`,
    because: /content/,
  },
  {
    why: 'place alone left',
    sql: `UPDATE event SET payload = NULL, salt = NULL WHERE sequence = ${YOUNG}`,
    because: /half/,
  },
  {
    why: 'hash of the content',
    sql: `UPDATE event SET content_hash = zeroblob(length(content_hash)) WHERE sequence = ${YOUNG}`,
    because: /link/,
  },
  {
    why: 'link',
    sql: `UPDATE event SET link = zeroblob(length(link)) WHERE sequence = ${YOUNG}`,
    because: /link/,
  },
  {
    why: 'content of a young event, as if it was forgotten',
    sql: `UPDATE event SET payload = NULL, salt = NULL, place = NULL, place_salt = NULL WHERE sequence = (SELECT max(sequence) FROM event)`,
    because: /no purge or erasure tells of it$/,
  },
  {
    why: 'one more than was erased',
    sql: `UPDATE event SET payload = NULL, salt = NULL, place = NULL, place_salt = NULL WHERE sequence = ${DELIVERED};
      DELETE FROM trail_term WHERE sequence = ${DELIVERED} AND term NOT LIKE 'id:%'`,
    because: /one more|lacks/,
  },
  {
    why: 'where the salt ends and the payload begins, so that nobody can read it',
    sql: `UPDATE event SET payload = CAST(substr(salt, 16) || payload AS BLOB), salt = substr(salt, 1, 15) WHERE sequence = ${YOUNG}`,
    because: /its content was changed/,
  },
  {
    why: 'where the salt of the place ends',
    sql: `UPDATE event SET place = CAST(substr(place_salt, 16) || place AS BLOB), place_salt = substr(place_salt, 1, 15) WHERE sequence = ${YOUNG}`,
    because: /its content was changed/,
  },
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
  { why: 'an event removed', sql: 'DELETE FROM event WHERE sequence = 3', because: /event 3 is missing/ },
  {
    why: 'the end cut off',
    sql: 'DELETE FROM event WHERE sequence = (SELECT max(sequence) FROM event)',
    because: /the chain had come to event 10: its end was cut off/,
  },
  {
    why: 'the head of the register',
    sql: "UPDATE chain SET head_link = x'00'",
    because: /the register has seen another event in its place/,
  },
  {
    why: 'the register',
    sql: 'DELETE FROM chain',
    because: /the register knows no chain 1/,
  },
  {
    why: 'a chain of its own',
    sql: `UPDATE event SET chain = 2 WHERE sequence = (SELECT max(sequence) FROM event); INSERT INTO chain (id, started_at, name) VALUES (2, 0, 'x')`,
    because: /event 1 is missing/,
  },
  {
    why: 'all of it, told as another chain',
    sql: 'UPDATE event SET chain = 2; UPDATE chain SET id = 2',
    because: /its link does not follow/,
  },
  {
    why: 'a number in its chain',
    sql: `UPDATE event SET chain_sequence = 7 WHERE sequence = ${YOUNG}`,
    because: /is missing/,
  },
  {
    why: 'a word taken out',
    sql: "DELETE FROM trail_term WHERE term = 'address:emil@example.net'",
    because: /lacks 1 of its/,
  },
  {
    why: 'the id taken out',
    sql: `DELETE FROM trail_term WHERE term LIKE 'id:%' AND sequence = ${YOUNG}`,
    because: /lacks 1 of its/,
  },
  {
    why: 'a word that leads elsewhere',
    sql: `UPDATE trail_term SET sequence = 2 WHERE term = 'address:emil@example.net'`,
    because: /lacks/,
  },
  {
    why: 'a word too many',
    sql: `INSERT INTO trail_term VALUES ('address:mallory@example.org', ${YOUNG})`,
    because: /a word that it does not have: address:mallory@example.org/,
  },
  {
    why: 'a word too many of what was forgotten',
    sql: "INSERT INTO trail_term VALUES ('address:mallory@example.org', 1)",
    because: /a word that it does not have/,
  },
  {
    why: 'all of the index, as if it was still to be written',
    sql: "DELETE FROM trail_term; UPDATE meta SET value = 0 WHERE name = 'indexed'",
    because: /^$/,
  },
  {
    why: 'a number before the first, which look-ups would tell of',
    sql: `INSERT INTO event SELECT 0, chain, time, type, message_id, 'mallory', salt, payload, content_hash, link, place_salt, place, NULL FROM event WHERE sequence = ${YOUNG};
      INSERT INTO trail_term SELECT term, 0 FROM trail_term WHERE sequence = ${YOUNG}`,
    because: /no event has such a number/,
  },
  {
    why: 'a time before all times',
    sql: `UPDATE event SET time = -1 WHERE sequence = ${YOUNG}`,
    because: /link/,
  },
  {
    why: 'a word too many while the index is to be written again',
    sql: `DELETE FROM trail_term; UPDATE meta SET value = 0 WHERE name = 'indexed'; INSERT INTO trail_term VALUES ('address:mallory@example.org', ${YOUNG})`,
    because: /a word that it does not have/,
  },
  {
    why: 'a word of an event to come',
    sql: "INSERT INTO trail_term VALUES ('address:mallory@example.org', 1000)",
    because: /an event that does not exist, by a word: address:mallory/,
  },
  {
    why: 'the recipient of queued mail',
    sql: "UPDATE recipient SET forward_path = 'mallory@example.net'",
    because: /it was not accepted for mallory@example.net/,
  },
  {
    why: 'the sender of queued mail',
    sql: "UPDATE message SET reverse_path = 'mallory@example.org'",
    because: /it was accepted with another reverse-path/,
  },
  {
    why: 'the account of queued mail',
    sql: "UPDATE message SET identity_id = 'mallory'",
    because: /it was accepted from another account/,
  },
  {
    why: 'the acceptance of queued mail, with all that follows',
    sql: `DELETE FROM trail_term WHERE sequence >= ${YOUNG}; DELETE FROM event WHERE sequence >= ${YOUNG}; ${FORGET_HEAD}`,
    because: /is queued, and no event tells of its acceptance/,
  },
];

for (const { why, sql, because } of tampering)
  test(`D-TR-3: tampering is found: ${why}`, async () => {
    const { broken } = await verifiedAfter((db) => db.exec(sql));
    // What is searched for in the tail again hides nothing.
    if (because.source === '^$') assert.equal(broken, undefined, JSON.stringify(broken));
    else assert.match(broken?.because ?? 'nothing was found', because);
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
