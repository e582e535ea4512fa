// Look-ups of the queue, whichever place a message stands in.

import type { Lookups, QueueEntry, QueueTotals } from '../lookups.ts';
import { type Database, inOneView } from './database.ts';
import { number, text } from '../row.ts';
import { compareEntries } from './inflight-place.ts';
import { countAll, countHeld, countOf } from './queue-counts.ts';
import { queueByIdentity } from './queue-by-identity.ts';
import { depthOf, type QueuePlace, queuePlaces } from './queue-place.ts';

const DOMAINS_MAX = 50;

type QueueLookups = Pick<
  Lookups,
  'message' | 'content' | 'queue' | 'queueOfMessages' | 'queueCount' | 'queueTotals' | 'queueByIdentity'
>;

export function queueLookups(db: Database, dataDirectory: string): QueueLookups {
  const places = queuePlaces(db, dataDirectory);
  const first = <T>(look: (place: QueuePlace) => T | undefined): T | undefined =>
    inOneView(db, () => {
      for (const place of places) {
        const found = look(place);
        if (found !== undefined) return found;
      }
      return undefined;
    });
  return {
    message: async (id) => first((place) => place.message(id)),
    content: async (id) => first((place) => place.content(id)),
    queue: async (selector, page) => inOneView(db, () => entriesOf(places, selector, page)),
    queueOfMessages: async (ids, max) =>
      inOneView(db, () =>
        places.flatMap((place) => place.entriesOfMessages(ids, max)).toSorted(compareEntries),
      ),
    queueCount: async (selector, max) => inOneView(db, () => countOf(db, places, selector, max)),
    queueTotals: async () => inOneView(db, () => totalsOf(db, places)),
    queueByIdentity: async (page) => inOneView(db, () => queueByIdentity(db, page)),
  };
}

function entriesOf(
  places: readonly QueuePlace[],
  ...[selector, page]: Parameters<Lookups['queue']>
): readonly QueueEntry[] {
  const found = places.map((place) => place.entries(selector, page)).filter(({ length }) => length > 0);
  return found.length > 1 ? found.flat().toSorted(compareEntries).slice(0, page.max) : (found[0] ?? []);
}

function totalsOf(db: Database, places: readonly QueuePlace[]): QueueTotals {
  const { unreported } =
    db.get(
      'SELECT count(*) AS unreported FROM message WHERE unsettled = 0 AND n IN (SELECT message_n FROM notice)',
    ) ?? {};
  const oldestAcceptedAt = Math.min(...places.map((place) => place.oldest() ?? Infinity));
  return {
    messages: depthOf(places).messages,
    deliveries: countAll(db),
    held: countHeld(db, places),
    ...(typeof unreported === 'number' && unreported > 0 ? { unreported } : {}),
    ...(oldestAcceptedAt === Infinity ? {} : { oldestAcceptedAt }),
    byDomain: db
      .all(
        'SELECT domain, deliveries FROM queue_domain ORDER BY deliveries DESC, domain LIMIT ?',
        DOMAINS_MAX,
      )
      .map((row) => ({ domain: text(row, 'domain'), deliveries: number(row, 'deliveries') })),
  };
}
