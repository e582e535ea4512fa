// The totals of the queue by domain: counting a million recipients one by one would take long, in the thread that logins wait for. The sums that a
// transaction changes are written once for each domain, before its COMMIT; holding is counted by a trigger, because it is rare.

import { type Database, number } from './database.ts';

export interface QueueTally {
  /** Recipients that came into the queue, or with -1 left it. */
  add(domain: string, deliveries: 1 | -1, isHeld: boolean): void;
  /** Before COMMIT, and before recipients are held or released. */
  write(): void;
  /** After the end of the transaction, whichever it was. */
  forget(): void;
}

export function openQueueTally(db: Database): QueueTally {
  let changes = new Map<string, { deliveries: number; held: number }>();

  return {
    add(domain, deliveries, isHeld) {
      const change = changes.get(domain) ?? { deliveries: 0, held: 0 };
      change.deliveries += deliveries;
      if (isHeld) change.held += deliveries;
      changes.set(domain, change);
    },
    write() {
      for (const [domain, { deliveries, held }] of changes) {
        if (deliveries === 0 && held === 0) continue;
        const row = db.get(
          'INSERT INTO queue_domain VALUES (?, ?, ?) ON CONFLICT (domain) DO UPDATE SET deliveries = deliveries + excluded.deliveries, held = held + excluded.held RETURNING deliveries',
          domain,
          deliveries,
          held,
        );
        if (number(row ?? {}, 'deliveries') === 0)
          db.run('DELETE FROM queue_domain WHERE domain = ?', domain);
      }
      changes = new Map();
    },
    forget() {
      changes = new Map();
    },
  };
}
