// Plain rows (`transfer.ts`) into a store that nobody uses yet. Places of events and numbers of messages are given anew, in the order in which they come.

import { LINK_VERSION } from '../../record/link.ts';
import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import { COMMANDED, holdBit } from '../held.ts';
import { appPasswordIds, ownNames } from '../identity-names.ts';
import { number } from '../row.ts';
import type { KeptMessage, Kind, Rows } from '../transfer.ts';
import { openCounters } from './counters.ts';
import type { Database } from './database.ts';
import { insertMessage, insertRecipient } from './enqueue.ts';
import { openQueueTally, type QueueTally } from './queue-totals.ts';

type Write<K extends Kind> = (rows: readonly Rows[K][]) => void;

/** In the transaction of who calls. */
export function writersOf(db: Database): { readonly [K in Kind]: Write<K> } {
  return {
    identity(rows) {
      const counters = openCounters(db);
      for (const { identity, counter, uses } of rows) {
        insertIdentity(db, identity);
        for (const { address, credentialId, at } of uses)
          db.run('INSERT INTO credential_use VALUES (?, ?, ?, ?)', identity.id, address, credentialId, at);
        if (counter !== undefined) counters.set(identity.id, counter);
      }
      counters.write();
    },
    sharedKey(rows) {
      for (const { purpose, period, key } of rows)
        db.run('INSERT INTO shared_key VALUES (?, ?, ?)', purpose, period, key);
    },
    chain(rows) {
      for (const { chain, startedAt, name, head, checkpoint } of rows)
        db.run(
          'INSERT INTO chain VALUES (?, ?, ?, ?, ?, ?, ?)',
          ...[chain, startedAt, name],
          ...(head.sequence === 0 ? [null, null] : [head.sequence, head.link]),
          ...(checkpoint === undefined ? [null, null] : [checkpoint.sequence, checkpoint.link]),
        );
    },
    event: (rows) => insertEvents(db, rows),
    message(rows) {
      const tally = openQueueTally(db);
      let n = number(db.get('SELECT max(n) AS n FROM message') ?? {}, 'n');
      for (const row of rows) insertQueued(db, tally, (n += 1), row);
      tally.write();
    },
  };
}

function insertIdentity(db: Database, identity: Rows['identity']['identity']): void {
  const { id, login, state, revision, removedAt = null } = identity;
  const record = JSON.stringify(identity);
  db.run('INSERT INTO identity VALUES (?, ?, ?, ?, ?, ?)', id, login, state, revision, removedAt, record);
  for (const name of ownNames(identity)) db.run('INSERT INTO identity_name VALUES (?, ?)', name, id);
  for (const credentialId of appPasswordIds(identity))
    db.run('INSERT INTO identity_credential VALUES (?, ?)', credentialId, id);
}

function insertEvents(db: Database, rows: readonly Rows['event'][]): void {
  let place = number(db.get('SELECT max(sequence) AS place FROM event') ?? {}, 'place');
  const ends = new Map<number, Rows['event']>();
  for (const event of rows) {
    place += 1;
    db.run(
      'INSERT INTO event (sequence, chain, chain_sequence, time, type, message_id, identity_id, salt, payload, place_salt, place, content_hash, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[place, event.chain, event.sequence === place ? null : event.sequence, event.time, event.type],
      ...[event.messageId ?? null, event.identityId ?? null, event.salt ?? null, event.payload ?? null],
      ...[event.placeSalt ?? null, event.place ?? null, event.partHashes, event.link],
    );
    ends.set(event.chain, event);
  }
  for (const { chain, sequence, link } of ends.values())
    db.run(
      'UPDATE chain SET head = ?1, head_link = ?2 WHERE id = ?3 AND (head IS NULL OR head < ?1)',
      ...[sequence, link, chain],
    );
}

function insertQueued(db: Database, tally: QueueTally, n: number, row: KeptMessage): void {
  const { message, content, recipients, notices } = row;
  const { identityId } = message;
  insertMessage(db, { n, message, content, unsettled: recipients.length });
  for (const one of recipients) {
    insertRecipient(db, n, { ...one, owner: undefined });
    const domain = deliveryDomain(one.recipient.forwardPath);
    tally.count(domain, 1);
    tally.countFiled(identityId, 1);
    if ((one.held & COMMANDED) !== 0) tally.countHeld(domain, identityId, 1);
    if ((one.held & holdBit.identity) !== 0 && identityId !== undefined)
      db.run('INSERT INTO parked VALUES (?, ?, ?)', identityId, n, one.recipientNumber);
  }
  for (const { recipientNumber, at, dueAt, about } of notices)
    db.run('INSERT INTO notice VALUES (?, ?, ?, ?, ?)', n, recipientNumber, at, dueAt, JSON.stringify(about));
}

/** What is written from now on goes into a chain of its own, after all those that came. `now`: milliseconds since the epoch. */
export function beginOwnChain(db: Database, now: number): void {
  const last = number(db.get('SELECT max(id) AS last FROM chain') ?? {}, 'last');
  db.run("INSERT INTO chain (id, started_at, name) VALUES (?, ?, 'local')", last + 1, now);
  db.run("UPDATE meta SET value = ? WHERE name = 'ownChain'", last + 1);
  db.run("UPDATE meta SET value = ? WHERE name = 'linkVersion'", LINK_VERSION);
}
