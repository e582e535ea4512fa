// The tables, as migrations by user_version: a file is brought forward step by step in one transaction each, a newer one is refused.
// Queue tables hold only what is queued and are keyed by growing integers; the trail holds the history.

import { StoreTooNew } from '../engine-errors.ts';
import { packCounters } from './counter-migration.ts';
import { type Database, rollBack } from './database.ts';
import { number } from '../row.ts';
import { addWordsOfIndexed } from './term-index.ts';

/** In the data directory. */
export const STORE_FILE = 'postern.sqlite';

/** Of a login from its last @ on, as the index of domains has it: `@example.org`; of a service without one the whole. */
export const LOGIN_ENDING = "substr(login, length(rtrim(login, replace(login, '@', ''))))";

/** Each entry brings the file from the version of its index to the next. Never change one that was released: add one. */
export const migrations: readonly (string | ((db: Database) => void))[] = [
  `
  CREATE TABLE message (
    n INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    accepted_at INTEGER NOT NULL,
    role TEXT NOT NULL,
    identity_id TEXT,
    reverse_path TEXT NOT NULL,
    envelope TEXT NOT NULL,
    octets INTEGER NOT NULL,
    header_octets INTEGER NOT NULL,
    header_utf8 INTEGER NOT NULL,
    body_8bit INTEGER NOT NULL,
    unsettled INTEGER NOT NULL
  ) STRICT;

  -- Apart from message: a scan of the queue does not read contents. staged: 'content' is the header, the body is a file.
  CREATE TABLE content (n INTEGER PRIMARY KEY, staged INTEGER NOT NULL, content BLOB NOT NULL) STRICT;

  -- held: 1 by the operator, 2 because the identity may not send.
  CREATE TABLE recipient (
    message_n INTEGER NOT NULL,
    number INTEGER NOT NULL,
    forward_path TEXT NOT NULL,
    domain TEXT NOT NULL,
    parameters TEXT,
    due_at INTEGER NOT NULL,
    held INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    attempt INTEGER NOT NULL,
    delay_reported INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (message_n, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX recipient_due ON recipient (due_at) WHERE owner IS NULL AND held = 0;

  -- The last claim of each owner: asked again with the same token, it gets the same.
  CREATE TABLE claim (owner TEXT PRIMARY KEY, token TEXT NOT NULL, deliveries TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE chain (id INTEGER PRIMARY KEY, started_at INTEGER NOT NULL, name TEXT NOT NULL) STRICT;
  CREATE TABLE event (
    sequence INTEGER PRIMARY KEY,
    chain INTEGER NOT NULL,
    time INTEGER NOT NULL,
    type TEXT NOT NULL,
    message_id TEXT,
    identity_id TEXT,
    salt BLOB,
    payload BLOB,
    content_hash BLOB NOT NULL,
    link BLOB NOT NULL
  ) STRICT;
  CREATE TABLE trail_term (term TEXT NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (term, sequence)) STRICT, WITHOUT ROWID;
  CREATE INDEX trail_term_sequence ON trail_term (sequence);

  CREATE TABLE identity (
    id TEXT PRIMARY KEY, login TEXT NOT NULL, state TEXT NOT NULL, revision INTEGER NOT NULL, removed_at INTEGER, record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE identity_name (name TEXT PRIMARY KEY, identity_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE identity_credential (credential_id TEXT PRIMARY KEY, identity_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE credential_use (
    identity_id TEXT NOT NULL, address TEXT NOT NULL, credential_id TEXT NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (identity_id, address, credential_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE counter (identity_id TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE day_key (day TEXT PRIMARY KEY, key BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('indexed', 0), ('purged', 0);
  `,
  // An event is taken out of the index by its own words: a second index, as large as the first, is not needed for it.
  'DROP INDEX trail_term_sequence',
  // See `queue-totals.ts`.
  `
  CREATE TABLE queue_domain (
    domain TEXT PRIMARY KEY, deliveries INTEGER NOT NULL, held INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO queue_domain SELECT domain, count(*), sum(held <> 0) FROM recipient GROUP BY domain;
  CREATE TRIGGER recipient_held AFTER UPDATE OF held ON recipient WHEN (old.held <> 0) <> (new.held <> 0) BEGIN
    UPDATE queue_domain SET held = held + (new.held <> 0) - (old.held <> 0) WHERE domain = new.domain;
  END;
  `,
  // See `inflight.ts`.
  'CREATE TABLE young (n INTEGER PRIMARY KEY, facts TEXT NOT NULL, content BLOB NOT NULL) STRICT',
  // Refusals and failed log-ins are found by their identity too. What is not indexed yet will be, with these words.
  `
  INSERT OR IGNORE INTO trail_term SELECT 'identity:' || identity_id, sequence FROM event
    WHERE type IN ('refused', 'authenticationFailed') AND identity_id IS NOT NULL AND payload IS NOT NULL
      AND sequence <= (SELECT value FROM meta WHERE name = 'indexed');
  `,
  // An address that is no login may be shared. Whoever was granted what only a first grantee had before has it as that one does, at the next change.
  `
  CREATE TABLE shared_name (name TEXT NOT NULL, identity_id TEXT NOT NULL, PRIMARY KEY (name, identity_id)) STRICT, WITHOUT ROWID;
  INSERT INTO shared_name SELECT name, identity_id FROM identity_name;
  DROP TABLE identity_name;
  ALTER TABLE shared_name RENAME TO identity_name;
  `,
  // By domain: one that has very much due does not stand in the way of the others (`lanes.ts`).
  'DROP INDEX recipient_due; CREATE INDEX recipient_lane ON recipient (domain, due_at) WHERE owner IS NULL AND held = 0',
  // See `notices.ts`. about: what the report says of the recipient, JSON.
  `
  CREATE TABLE notice (
    message_n INTEGER NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL, due_at INTEGER NOT NULL, about TEXT NOT NULL,
    PRIMARY KEY (message_n, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX notice_due ON notice (due_at);
  `,
  // A message knows with which credential it came. What an event says of places stands apart, and links cover more (`link.ts`): a chain that has begun goes on with an event of its own.
  `
  ALTER TABLE event ADD COLUMN place_salt BLOB;
  ALTER TABLE event ADD COLUMN place BLOB;
  ALTER TABLE message ADD COLUMN credential_id TEXT;
  INSERT INTO meta SELECT 'linkVersion', iif(EXISTS (SELECT 1 FROM event), 1, 2);
  `,
  // Beside the chain that a store writes, others may be copied into it: there sequence is the place in the store, chain_sequence the number in the
  // chain; NULL: the same. head: see `term-index.ts`. checkpoint: what stood before it was left where it was copied from.
  `
  ALTER TABLE event ADD COLUMN chain_sequence INTEGER;
  ALTER TABLE chain ADD COLUMN head INTEGER;
  ALTER TABLE chain ADD COLUMN head_link BLOB;
  ALTER TABLE chain ADD COLUMN checkpoint INTEGER;
  ALTER TABLE chain ADD COLUMN checkpoint_link BLOB;
  INSERT INTO meta VALUES ('ownChain', 1);
  `,
  // Whether an identity may send stands with the identity alone, and 2 in held means that a claim has put the row aside (`parked.ts`). What was held for
  // an identity of which nothing is left is held for the operator: nothing else would say so. Held is counted without it, in `queue-totals.ts`.
  `
  DROP TRIGGER recipient_held;
  UPDATE recipient SET held = 1 WHERE held & 2 AND NOT EXISTS (
    SELECT 1 FROM message m JOIN identity i ON i.id = m.identity_id WHERE m.n = message_n
  );
  CREATE TABLE parked (
    identity_id TEXT NOT NULL, message_n INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (identity_id, message_n, number)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO parked SELECT m.identity_id, r.message_n, r.number FROM recipient r JOIN message m ON m.n = r.message_n WHERE r.held & 2;
  CREATE TABLE queue_identity (
    identity_id TEXT PRIMARY KEY, deliveries INTEGER NOT NULL, held INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO queue_identity SELECT m.identity_id, count(*), sum(r.held & 1)
    FROM recipient r JOIN message m ON m.n = r.message_n WHERE m.identity_id IS NOT NULL GROUP BY m.identity_id;
  UPDATE queue_domain SET held = 0;
  INSERT INTO queue_domain SELECT domain, 0, count(*) FROM recipient WHERE held & 1 GROUP BY domain
    ON CONFLICT (domain) DO UPDATE SET held = excluded.held;
  `,
  // See `counters.ts`. What is kept of an identity beside its record stands under a number.
  packCounters,
  // Events of every kind are found by their identity, and those of sessions by the network of the client. What is not indexed yet will be, with these words.
  addWordsOfIndexed,
  // One word for it in the store too.
  'ALTER TABLE young RENAME TO inflight',
  // Keys for other purposes than labels, and other periods than days.
  `
  CREATE TABLE shared_key (
    purpose TEXT NOT NULL, period TEXT NOT NULL, key BLOB NOT NULL, PRIMARY KEY (purpose, period)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO shared_key SELECT 'label', day, key FROM day_key;
  DROP TABLE day_key;
  `,
  // See `../console-sessions.ts`. Times are milliseconds since the epoch; facts: JSON.
  `
  CREATE TABLE console_session (
    key TEXT PRIMARY KEY, identity_id TEXT NOT NULL, name TEXT NOT NULL, mark TEXT NOT NULL, used_at INTEGER NOT NULL, ends_at INTEGER NOT NULL,
    facts TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX console_session_of ON console_session (identity_id, ends_at);
  CREATE INDEX console_session_over ON console_session (ends_at);
  `,
  // Accounts are listed by login within a state, and within a domain.
  `
  CREATE INDEX identity_state ON identity (state, login);
  CREATE INDEX identity_domain ON identity (${LOGIN_ENDING}, state, login);
  `,
  // The access record (`looks-range.ts`).
  "CREATE INDEX event_look ON event (time, sequence) WHERE type IN ('lookedUp', 'consoleSession')",
  // What waits of one account is listed, and its oldest found, without going through the queue.
  'CREATE INDEX message_identity ON message (identity_id, id) WHERE identity_id IS NOT NULL',
];

export function versionOf(db: Database): number {
  return number(db.get('PRAGMA user_version') ?? {}, 'user_version');
}

/** Throws `StoreTooNew`. */
export function assertKnown(db: Database): void {
  const version = versionOf(db);
  if (version > migrations.length)
    throw new StoreTooNew(
      `the store was written by a newer Postern (format ${version}, this one knows ${migrations.length}): install that version or restore a backup`,
    );
}

/** A new file gets its page size and vacuum mode before its first table. */
export function migrate(db: Database, now: number): void {
  assertKnown(db);
  const version = versionOf(db);
  for (let at = version; at < migrations.length; at += 1) {
    db.exec('BEGIN IMMEDIATE');
    try {
      const step = migrations[at] ?? '';
      if (typeof step === 'string') db.exec(step);
      else step(db);
      if (at === 0) db.run("INSERT INTO chain VALUES (1, ?, 'local')", now);
      db.exec(`PRAGMA user_version = ${at + 1}`);
      db.exec('COMMIT');
    } catch (error) {
      rollBack(db);
      throw error;
    }
  }
}
