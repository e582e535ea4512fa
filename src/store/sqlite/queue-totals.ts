// The totals of the queue by domain, and of the queue tables by identity: counting a million recipients one by one would take long, in the thread that
// logins wait for. What a transaction changes is written once for each domain and identity, before its COMMIT.

import { type Database } from './database.ts';
import { number } from '../row.ts';
import { COMMANDED } from '../held.ts';

export interface QueueTally {
  /** Recipients that were accepted, or with -1 are done. */
  count(domain: string, deliveries: 1 | -1): void;
  /** Recipients that came into the queue tables, or with -1 left them. */
  countFiled(identityId: string | undefined, deliveries: 1 | -1): void;
  /** Recipients that a command or an attempt holds, or with -1 no more. */
  countHeld(domain: string, identityId: string | undefined, held: 1 | -1): void;
  /** Before COMMIT, and before anybody reads the totals in the same transaction. */
  write(): void;
  /** After the end of the transaction, whichever it was. */
  forget(): void;
}

/** A row of `recipient`, `held` as the bits of it. */
export interface Counted {
  readonly domain: string;
  readonly identityId: string | undefined;
  readonly held: number;
}

/** It leaves the queue tables. */
export function countGone(tally: QueueTally, { domain, identityId, held }: Counted): void {
  tally.count(domain, -1);
  tally.countFiled(identityId, -1);
  if ((held & COMMANDED) !== 0) tally.countHeld(domain, identityId, -1);
}

/** An attempt of it ends with a hold. */
export function countKept(tally: QueueTally, { domain, identityId, held }: Counted): void {
  if ((held & COMMANDED) === 0) tally.countHeld(domain, identityId, 1);
}

type Sums = Map<string, { deliveries: number; held: number }>;

export function openQueueTally(db: Database): QueueTally {
  const byDomain: Sums = new Map();
  const byIdentity: Sums = new Map();

  return {
    count(domain, deliveries) {
      add(byDomain, domain, deliveries, 0);
    },
    countFiled(identityId, deliveries) {
      if (identityId !== undefined) add(byIdentity, identityId, deliveries, 0);
    },
    countHeld(domain, identityId, held) {
      add(byDomain, domain, 0, held);
      if (identityId !== undefined) add(byIdentity, identityId, 0, held);
    },
    write() {
      writeSums(db, byDomain, ofDomain);
      writeSums(db, byIdentity, ofIdentity);
    },
    forget() {
      byDomain.clear();
      byIdentity.clear();
    },
  };
}

function add(sums: Sums, key: string, deliveries: number, held: number): void {
  const sum = sums.get(key);
  if (sum === undefined) sums.set(key, { deliveries, held });
  else {
    sum.deliveries += deliveries;
    sum.held += held;
  }
}

interface Statements {
  readonly add: string;
  readonly remove: string;
}

const statementsOf = (table: string, key: string): Statements => ({
  add: `INSERT INTO ${table} VALUES (?, ?, ?) ON CONFLICT (${key}) DO UPDATE SET deliveries = deliveries + excluded.deliveries, held = held + excluded.held RETURNING deliveries`,
  remove: `DELETE FROM ${table} WHERE ${key} = ?`,
});
const ofDomain = statementsOf('queue_domain', 'domain');
const ofIdentity = statementsOf('queue_identity', 'identity_id');

function writeSums(db: Database, sums: Sums, statements: Statements): void {
  for (const [key, { deliveries, held }] of sums) {
    if (deliveries === 0 && held === 0) continue;
    const row = db.get(statements.add, key, deliveries, held);
    if (number(row ?? {}, 'deliveries') === 0) db.run(statements.remove, key);
  }
  sums.clear();
}
