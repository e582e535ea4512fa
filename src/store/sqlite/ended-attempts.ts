// What the attempts of queued recipients came to: found by their messages, in the index and in what it does not reach yet.

import { idTerm } from '../../record/terms.ts';
import {
  DEFERRALS_EXAMINED,
  type DeliveryPlace,
  type EndedAttempts,
  endedOf,
  numbersByMessage,
} from '../ended-attempts.ts';
import { eventOfRow } from '../event-row.ts';
import { optionalText } from '../row.ts';
import type { Database } from './database.ts';
import { EVENT_COLUMNS } from './events.ts';
import { watermark } from './term-index.ts';

/** Of each message the newest. */
const DEFERRALS = `
  SELECT ${EVENT_COLUMNS} FROM event WHERE sequence IN (
    SELECT sequence FROM (
      SELECT e.sequence, row_number() OVER (PARTITION BY t.term ORDER BY e.sequence DESC) AS nth
        FROM json_each(?) j CROSS JOIN trail_term t ON t.term = j.value CROSS JOIN event e ON e.sequence = t.sequence WHERE e.type = 'deferred'
    ) WHERE nth <= ${DEFERRALS_EXAMINED}
  ) ORDER BY sequence DESC`;
/** What the index does not reach yet. */
const LATE_DEFERRALS = `
  SELECT ${EVENT_COLUMNS} FROM event
    WHERE sequence > ? AND type = 'deferred' AND message_id IN (SELECT value FROM json_each(?)) ORDER BY sequence DESC`;

/** One statement for all of them: to run one costs more than what it does for a message. */
export function endedAttempts(db: Database, of: readonly DeliveryPlace[]): readonly EndedAttempts[] {
  const numbers = numbersByMessage(of);
  const ids = [...numbers.keys()];
  const rows = [
    ...db.all(LATE_DEFERRALS, watermark(db), JSON.stringify(ids)),
    ...db.all(DEFERRALS, JSON.stringify(ids.map(idTerm))),
  ];
  const ofMessages = Map.groupBy(rows, (row) => optionalText(row, 'message_id') ?? '');
  return [...numbers].flatMap(([id, some]) =>
    endedOf(id, some, (ofMessages.get(id) ?? []).slice(0, DEFERRALS_EXAMINED).map(eventOfRow)),
  );
}
