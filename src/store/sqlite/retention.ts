// Forgetting: purge by age and erasure of a person null payload and salt, the links stay, the chain still verifies.

import { canonicalAddress } from '../../policy/address.ts';
import { addressTerm, identityTerm } from '../../record/terms.ts';
import type { EraseChange, PurgeChange } from '../forgetting.ts';
import type { OutcomeOf } from '../port.ts';
import { type Database, type Row } from './database.ts';
import { number, text } from '../row.ts';
import { findSequences, unindex } from './term-index.ts';
import type { Writer } from './writer.ts';

/** One slice of a sweep through the trail. Events that had to be kept are looked at again by the next sweep. */
export function purge(writer: Writer, { eventsBefore, now, max }: PurgeChange): OutcomeOf<PurgeChange> {
  const { db } = writer;
  const from = markOf(db, 'purged');
  const rows = db.all(
    'SELECT sequence, time, message_id, payload IS NULL AS gone FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?',
    from,
    max,
  );
  let kept = markOf(db, 'kept');
  let count = 0;
  for (const row of rows) {
    if (number(row, 'gone') === 1) continue;
    if (number(row, 'time') < eventsBefore && !isQueued(writer, row)) {
      forget(writer, number(row, 'sequence'));
      count += 1;
    } else if (kept === 0) kept = number(row, 'sequence');
  }
  const through = number(rows.at(-1) ?? { sequence: from }, 'sequence');
  // A whole slice of events that are too new ends the sweep, unless a wrong clock dated them ahead.
  const more =
    rows.length === max &&
    rows.some((row) => number(row, 'time') < eventsBefore || number(row, 'time') > now);
  setMark(db, 'purged', !more && kept > 0 ? kept - 1 : through);
  setMark(db, 'kept', more ? kept : 0);
  const before = new Date(eventsBefore).toISOString();
  const keys = db.run('DELETE FROM shared_key WHERE period < ?', before.slice(0, 10));
  const tombstones = dropTombstones(writer, eventsBefore);
  if (count + tombstones + keys > 0) {
    const detail = { events: count, tombstones, sharedKeys: keys, before };
    writer.trail.append({ type: 'purged', time: now, payload: { by: 'retention', action: 'purge', detail } });
  }
  return { type: 'purged', count, more };
}

/** `purged`: looked at up to here in this sweep. `kept`: the first event that it had to keep, or 0. */
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
  const { before, because } = change;
  const why = because === undefined ? {} : { reason: because };
  const detail = { events: count, kept, before: new Date(before).toISOString(), ...why };
  writer.trail.append({
    type: 'erased',
    time: change.now,
    payload: { by: change.by, action: 'erase', detail },
  });
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
