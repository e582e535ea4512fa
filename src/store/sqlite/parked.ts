// Mail of identities that may not send, as claims met it: put aside, so that no claim meets it again, a bounded part at a time, and put back in the same
// way when the identity may send again. So a suspension and its end cost the same, however much is queued.

import { type Database } from './database.ts';
import { number, text } from '../row.ts';
import { holdBit } from '../held.ts';
import type { Writer } from './writer.ts';

/** Recipients that one claim puts aside, and that one puts back: what others' commits wait for at most. */
export const PARKED_MAX = 100;

/** Of a row of `recipient`. */
export type Key = readonly [n: number, recipientNumber: number];

export interface Parking {
  /** True: its identity may not send, and no claim gives it. */
  isKept(key: Key): boolean;
  /** There was more to put aside than one claim may. */
  isCut(): boolean;
}

export function openParking({ db, mayNotSend }: Writer): Parking {
  let left = PARKED_MAX;
  let cut = false;
  return {
    isKept([n, recipientNumber]) {
      const identityId = text(db.get('SELECT identity_id FROM message WHERE n = ?', n) ?? {}, 'identity_id');
      if (!mayNotSend.has(identityId)) return false;
      if (left === 0) cut = true;
      else {
        left -= 1;
        db.run('INSERT OR IGNORE INTO parked VALUES (?, ?, ?)', identityId, n, recipientNumber);
        mark(db, n, recipientNumber, true);
      }
      return true;
    },
    isCut: () => cut,
  };
}

/** Puts some of the mail back whose identities may send again. True: there is more. */
export function unpark({ db, unparking }: Writer): boolean {
  let left = PARKED_MAX;
  for (const identityId of unparking) {
    const rows = db.all(
      'SELECT message_n, number FROM parked WHERE identity_id = ? ORDER BY message_n, number LIMIT ?',
      identityId,
      left,
    );
    for (const row of rows) {
      const [n, recipientNumber] = [number(row, 'message_n'), number(row, 'number')];
      mark(db, n, recipientNumber, false);
      forgetParked(db, identityId, n, recipientNumber);
    }
    left -= rows.length;
    if (left === 0) return true;
    unparking.set(identityId, false);
  }
  return false;
}

export function hasParked(db: Database, identityId: string): boolean {
  return db.get('SELECT 1 FROM parked WHERE identity_id = ? LIMIT 1', identityId) !== undefined;
}

/** The recipient left the queue. */
export function forgetParked(db: Database, identityId: string, n: number, recipientNumber: number): void {
  db.run(
    'DELETE FROM parked WHERE identity_id = ? AND message_n = ? AND number = ?',
    identityId,
    n,
    recipientNumber,
  );
}

/** All that have something put aside. */
export function* parkedIdentities(db: Database): Generator<string> {
  let after = '';
  for (;;) {
    const row = db.get(
      'SELECT identity_id FROM parked WHERE identity_id > ? ORDER BY identity_id LIMIT 1',
      after,
    );
    if (row === undefined) return;
    after = text(row, 'identity_id');
    yield after;
  }
}

function mark(db: Database, n: number, recipientNumber: number, isParked: boolean): void {
  db.run(
    isParked
      ? `UPDATE recipient SET held = held | ${holdBit.identity} WHERE message_n = ? AND number = ?`
      : `UPDATE recipient SET held = held & ~${holdBit.identity} WHERE message_n = ? AND number = ?`,
    n,
    recipientNumber,
  );
}
