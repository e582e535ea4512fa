// How many recipients a selector means: from the kept totals where they say it, else by asking each place.

import type { QueueSelector } from '../port.ts';
import { type Database } from './database.ts';
import { number } from '../row.ts';
import type { QueuePlace } from './queue-place.ts';

export function countOf(db: Database, places: readonly QueuePlace[], selector: QueueSelector): number {
  const named = Object.entries(selector).filter(([, value]) => value !== undefined);
  const { held, domain = '' } = selector;
  switch (named.map(([key]) => key).join()) {
    case '':
      return countAll(db);
    case 'held':
      return held === true ? countHeld(db, places) : countAll(db) - countHeld(db, places);
    case 'domain': {
      const row = db.get('SELECT deliveries FROM queue_domain WHERE domain = ?', domain.toLowerCase());
      return number(row ?? {}, 'deliveries');
    }
    default:
      return sum(places, (place) => place.count(selector));
  }
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
