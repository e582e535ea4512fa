// The trail as one connection writes it: a chain of its own, begun when it was opened, whose end stands in memory. Events are linked as they are appended, and
// written with the transaction of what they tell of. Nobody else writes this chain, so nothing is read back. If nobody knows whether a transaction was done, nobody
// knows where the chain ends either: it is written no more, and another one is begun.

import type { Entropy } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import { SALT_OCTETS } from '../../record/event-content.ts';
import { type ChainEnd, firstLink, sealed, type SealedEvent } from '../../record/link.ts';
import { termsOf } from '../../record/terms.ts';
import { RecentTerms } from '../recent-terms.ts';
import { number } from '../row.ts';
import { octetsArray } from './arrays.ts';
import type { Statement } from './connection.ts';
import type { Sql } from './sql.ts';

export interface Trail {
  append(event: EventDraft): void;
  /** Writes what was appended since; undefined: nothing was. */
  statement(): Statement | undefined;
  /** What was appended is in the table. */
  written(): void;
  /** The transaction was undone: what was appended is not there. */
  undone(): void;
  /** The last event that is in the table. */
  end(): ChainEnd;
  /** Of the newest that are in the table. */
  readonly recent: RecentTerms;
}

/** All its events will stand after the places that were given so far. */
const BEGIN = `INSERT INTO chain (name, started_at, pid, since, indexed_place)
  SELECT $1, $2, pid, backend_start, (SELECT last_value - 1 FROM event_place) FROM pg_stat_activity WHERE pid = pg_backend_pid() RETURNING id`;

/** Begins a chain. `name`: of who writes it. `now`: milliseconds since the epoch. */
export async function beginTrail(sql: Sql, name: string, now: number, entropy: Entropy): Promise<Trail> {
  const row = await sql.get(BEGIN, name, now);
  return trailFrom({ chain: number(row ?? {}, 'id'), sequence: 0, link: firstLink }, entropy);
}

interface Appended {
  readonly event: EventDraft;
  readonly asKept: SealedEvent;
}

function trailFrom(start: ChainEnd, entropy: Entropy): Trail {
  let kept = start;
  let end = start;
  let appended: Appended[] = [];
  const recent = new RecentTerms();
  const newSalt = (): Uint8Array => entropy.bytes(SALT_OCTETS);
  return {
    append(event) {
      const asKept = sealed(end, event, newSalt);
      end = { ...end, sequence: asKept.sequence, link: asKept.link };
      appended.push({ event, asKept });
    },
    statement: () => (appended.length === 0 ? undefined : insertOf(start.chain, appended)),
    written() {
      kept = end;
      for (const { event, asKept } of appended)
        recent.push({ sequence: asKept.sequence, terms: termsOf(event) });
      appended = [];
    },
    undone() {
      end = kept;
      appended = [];
    },
    end: () => kept,
    recent,
  };
}

/** In the list of what is selected, not after FROM: there each array would be written into a table of its own first, a quarter of what an event costs. */
const INSERT = `INSERT INTO event (chain, sequence, time, type, message_id, identity_id, salt, payload, place_salt, place_content, content_hash, link)
  SELECT $1, unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::text[]), unnest($5::text[]), unnest($6::text[]), unnest($7::bytea[]), unnest($8::bytea[]),
    unnest($9::bytea[]), unnest($10::bytea[]), unnest($11::bytea[]), unnest($12::bytea[])`;

function insertOf(chain: number, appended: readonly Appended[]): Statement {
  const column = <T>(value: (one: Appended) => T): readonly T[] => appended.map(value);
  return {
    sql: INSERT,
    values: [
      chain,
      column(({ asKept }) => asKept.sequence),
      column(({ event }) => event.time),
      column(({ event }) => event.type),
      column(({ event }) => event.messageId ?? null),
      column(({ event }) => event.identityId ?? null),
      octetsArray(column(({ asKept }) => asKept.payload.salt)),
      octetsArray(column(({ asKept }) => asKept.payload.octets)),
      octetsArray(column(({ asKept }) => asKept.place?.salt ?? null)),
      octetsArray(column(({ asKept }) => asKept.place?.octets ?? null)),
      octetsArray(column(({ asKept }) => asKept.partHashes)),
      octetsArray(column(({ asKept }) => asKept.link)),
    ],
  };
}
