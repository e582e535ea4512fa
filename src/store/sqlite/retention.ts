// Forgetting: purge by age and erasure of a person null payload and salt, the links stay, the chain still verifies.

import { canonicalAddress } from '../../policy/address.ts';
import { addressTerm, identityTerm } from '../../record/terms.ts';
import {
  type EraseChange,
  erasedEvent,
  keysBefore,
  type PurgeChange,
  purgedEvent,
  sweepSlice,
} from '../forgetting.ts';
import { TICKET } from '../shared-key.ts';
import type { OutcomeOf } from '../port.ts';
import { forgetSessions } from './console-sessions.ts';
import { type Database, type Row } from './database.ts';
import { number, text } from '../row.ts';
import { findSequences, unindex } from './term-index.ts';
import type { Writer } from './writer.ts';

/** One slice of a sweep through the trail. */
export function purge(writer: Writer, change: PurgeChange): OutcomeOf<PurgeChange> {
  const { db } = writer;
  const marks = { through: markOf(db, 'purged'), kept: markOf(db, 'kept') };
  const events = db
    .all(
      "SELECT sequence, time, message_id, payload IS NULL OR type = 'purged' AS gone FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?",
      marks.through,
      change.max,
    )
    .map((row) => ({
      ...{
        row,
        place: number(row, 'sequence'),
        time: number(row, 'time'),
        isGone: number(row, 'gone') === 1,
      },
    }));
  const slice = sweepSlice(events, marks, change, ({ row }) => isQueued(writer, row));
  for (const { place } of slice.forget) forget(writer, place);
  setMark(db, 'purged', slice.marks.through);
  setMark(db, 'kept', slice.marks.kept);
  const { ticket, other } = keysBefore(change);
  const sharedKeys = db.run(
    'DELETE FROM shared_key WHERE period < ? OR (purpose = ? AND period < ?)',
    ...[other, TICKET, ticket],
  );
  forgetSessions(db, change.now);
  const tombstones = dropTombstones(writer, change.eventsBefore);
  const count = slice.forget.length;
  const event = purgedEvent(change, { events: count, tombstones, sharedKeys });
  if (event !== undefined) writer.trail.append(event);
  return { type: 'purged', count, more: slice.more };
}

/** `purged`: `PurgeMarks.through`. */
type Mark = 'purged' | 'kept';

function markOf(db: Database, name: Mark): number {
  return number(db.get('SELECT value FROM meta WHERE name = ?', name) ?? {}, 'value');
}

function setMark(db: Database, name: Mark, value: number): void {
  db.run('INSERT OR REPLACE INTO meta VALUES (?, ?)', name, value);
}

function isQueued({ messages }: Writer, row: Row): boolean {
  const id = row['message_id'];
  return typeof id === 'string' && messages.has(id);
}

/** Only the id stays in the index: that there was such a message, and nothing else. */
function forget({ db, trail }: Writer, sequence: number): void {
  trail.recent.clear();
  unindex(db, sequence);
  db.run(
    'UPDATE event SET payload = NULL, salt = NULL, place = NULL, place_salt = NULL WHERE sequence = ?',
    sequence,
  );
}

function dropTombstones(writer: Writer, before: number): number {
  const { db, counters, mayNotSend, messages } = writer;
  const gone = db
    .all("SELECT id FROM identity WHERE state = 'removed' AND removed_at < ?", before)
    .map((row) => text(row, 'id'))
    // Nothing else says that its mail is held.
    .filter((id) => !messages.hasOf(id));
  for (const id of gone) {
    mayNotSend.set(id, false);
    for (const table of ['identity_name', 'identity_credential', 'credential_use'])
      db.run(`DELETE FROM ${table} WHERE identity_id = ?`, id);
    counters.drop(id);
    db.run('DELETE FROM identity WHERE id = ?', id);
  }
  return gone.length;
}

/** Events that belong to the identity or name an address; those of messages still queued are kept and counted. */
export function erase(writer: Writer, change: EraseChange): OutcomeOf<EraseChange> {
  const { db } = writer;
  const sequences = new Set<number>();
  if (change.identityId !== undefined)
    for (const sequence of findSequences(db, identityTerm(change.identityId))) sequences.add(sequence);
  for (const address of change.addresses) {
    for (const sequence of findSequences(db, addressTerm(canonicalAddress(address) ?? address)))
      sequences.add(sequence);
  }
  let count = 0;
  let kept = 0;
  for (const sequence of withSameMessages(db, sequences)) {
    const row = db.get(
      'SELECT message_id, time, payload IS NULL AS gone FROM event WHERE sequence = ?',
      sequence,
    );
    if (row === undefined || number(row, 'gone') === 1) continue;
    if (number(row, 'time') >= change.before || isQueued(writer, row)) kept += 1;
    else {
      forget(writer, sequence);
      count += 1;
    }
  }
  writer.trail.append(erasedEvent(change, { count, kept }));
  return { type: 'erased', count, kept };
}

/** The fates of a message name its recipients too. */
function withSameMessages(db: Database, sequences: ReadonlySet<number>): ReadonlySet<number> {
  const all = new Set(sequences);
  const ids = new Set<string>();
  for (const sequence of sequences) {
    const id = db.get('SELECT message_id FROM event WHERE sequence = ?', sequence)?.['message_id'];
    if (typeof id === 'string') ids.add(id);
  }
  for (const id of ids) for (const sequence of findSequences(db, `id:${id}`)) all.add(sequence);
  return all;
}
