// How many recipients a selector means: from the kept totals where they say it, else by asking each place.

import type { HopDomains } from '../hop-domains.ts';
import type { QueueSelector } from '../selector.ts';
import { isOfHop } from '../selector-sql.ts';
import { type Database } from './database.ts';
import { number } from '../row.ts';
import type { QueuePlace } from './queue-place.ts';
import { isAmong } from './selector.ts';

export function countOf(
  db: Database,
  places: readonly QueuePlace[],
  selector: QueueSelector,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  const kept = keptCount(db, places, selector);
  return Math.min(kept ?? sum(places, (place) => place.count(selector, max)), max);
}

/** Undefined: the kept totals do not say it. */
function keptCount(db: Database, places: readonly QueuePlace[], selector: QueueSelector): number | undefined {
  const named = Object.entries(selector).filter(([, value]) => value !== undefined);
  const { held, domain = '', nextHop } = selector;
  switch (named.map(([key]) => key).join()) {
    case '':
      return countAll(db);
    case 'held':
      return held === true ? countHeld(db, places) : countAll(db) - countHeld(db, places);
    case 'domain': {
      const row = db.get('SELECT deliveries FROM queue_domain WHERE domain = ?', domain.toLowerCase());
      return number(row ?? {}, 'deliveries');
    }
    case 'nextHop':
      return nextHop && countOfHop(db, nextHop);
    default:
      return undefined;
  }
}

function countOfHop(db: Database, nextHop: HopDomains): number {
  const ofHop = isOfHop('domain', nextHop, { isAmong: (column) => isAmong(column, '?') });
  const row = db.get(
    `SELECT coalesce(sum(deliveries), 0) AS count FROM queue_domain WHERE ${ofHop}`,
    JSON.stringify(nextHop.domains),
  );
  return number(row ?? {}, 'count');
}

export function countAll(db: Database): number {
  return number(db.get('SELECT coalesce(sum(deliveries), 0) AS count FROM queue_domain') ?? {}, 'count');
}

/** By commands and attempts, and by what identities may. */
export function countHeld(db: Database, places: readonly QueuePlace[]): number {
  const commanded = db.get('SELECT coalesce(sum(held), 0) AS count FROM queue_domain');
  return number(commanded ?? {}, 'count') + sum(places, (place) => place.countHeldByIdentity());
}

function sum(places: readonly QueuePlace[], count: (place: QueuePlace) => number): number {
  return places.reduce((all, place) => all + count(place), 0);
}
