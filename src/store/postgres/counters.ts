// The counters of sending limits. Each writer has a row of its own for each identity, so that none waits for another; limits are judged by the sum. It counts in
// memory, and knows of the others what they had written when it looked last. Its own row is written with the first commit that charges the identity, then at most
// once a second: so a sum may lag behind by what the others accept of one identity in two seconds, and a kill loses what was counted in one.

import {
  addedCounters,
  chargeLimits,
  type ChargeOutcome,
  type Counter,
  emptyCounter,
  isOver,
  nearOf,
} from '../../policy/limits.ts';
import type { Clock } from '../../platform/platform.ts';
import type { IdentityId } from '../../record/identity.ts';
import { packedCounter, unpackedCounter } from '../counter-row.ts';
import type { AcceptChange } from '../port.ts';
import { bytes, number, text } from '../row.ts';
import type { Statement } from './connection.ts';
import type { Sql } from './sql.ts';

/** Between two writes of a row, and between two looks at the others', ms. */
export const COUNTERS_EVERY_MS = 1_000;

/** Of identities, in memory: some 1,000 octets each. */
const KEPT_MAX = 20_000;

/** Rows that one piece of work in idle times writes. */
const PIECE_MAX = 1_000;

export type Asked = NonNullable<AcceptChange['charge']>;
type Charge = Asked['charge'];

export interface Counters {
  /** Charges of one transaction. */
  begin(): Charging;
  /** Reads what the others have written of these identities, where what is known is too old. `now`: by the store's clock, ms since the epoch. */
  look(by: Look, asked: readonly Asked[]): Promise<void>;
  /** Of identities that are gone, with their rows. */
  forget(identityIds: readonly IdentityId[]): void;
  /** Writes own rows that wait for it and are due, or `all`. True: there are more, now or in a moment. */
  flush(sql: Sql, all?: 'all'): Promise<boolean>;
}

interface Look {
  readonly sql: Sql;
  readonly now: number;
}

export interface Charging {
  /** Undefined: what is known of this identity is too old, `look` first. */
  charge(
    asked: Asked,
  ):
    | Extract<ChargeOutcome, { type: 'limited' }>
    | Omit<Extract<ChargeOutcome, { type: 'charged' }>, 'counter'>
    | undefined;
  /** Goes with the commit; undefined: nothing needs to be written with it. */
  statement(): Statement | undefined;
  /** Until then nothing is counted. */
  committed(): void;
}

interface Kept {
  /** What this writer has counted, in so many charges. */
  own: Counter;
  charges: number;
  /** So many of them stand in its row, since then (monotonic, ms). */
  written: number;
  writtenAt: number;
  /** What the others had written, at that time (monotonic, ms). */
  others: Counter;
  lookedAt: number;
}

/** `writer`: of this life, no other ever has the same. */
export function openCounters(writer: string, clock: Pick<Clock, 'monotonic'>, keptMax = KEPT_MAX): Counters {
  const kept = new Map<IdentityId, Kept>();
  const isOld = (at: number): boolean => at + COUNTERS_EVERY_MS <= clock.monotonic();

  function forgetOldest(): void {
    for (const [identityId, { charges, written, lookedAt }] of kept) {
      if (kept.size <= keptMax) return;
      if (charges === written && isOld(lookedAt)) kept.delete(identityId);
    }
  }

  return {
    begin: () => beginCharging(writer, kept, clock),
    async look(by, asked) {
      const times = new Map<IdentityId, number>();
      for (const { identityId, charge } of asked)
        if (isOld(kept.get(identityId)?.lookedAt ?? -Infinity)) times.set(identityId, charge.at);
      if (times.size === 0) return;
      const lookedAt = clock.monotonic();
      for (const { identityId, own, charges, others } of await looked(by, writer, times)) {
        const known = kept.get(identityId);
        if (known === undefined)
          kept.set(identityId, { own, charges, written: charges, writtenAt: -Infinity, others, lookedAt });
        else Object.assign(known, { others, lookedAt });
      }
      forgetOldest();
    },
    forget(identityIds) {
      for (const identityId of identityIds) kept.delete(identityId);
    },
    async flush(sql, all) {
      const waiting = [...kept].filter(([, { charges, written }]) => charges > written);
      const due = waiting.filter(([, { writtenAt }]) => all !== undefined || isOld(writtenAt));
      const piece = due.slice(0, PIECE_MAX).map(([identityId, one]) => rowOf(identityId, one));
      if (piece.length === 0) return waiting.length > 0;
      const at = clock.monotonic();
      const { sql: write, values } = writeOf(writer, piece);
      await sql.run(write, ...values);
      for (const row of piece) wrote(row, at);
      return waiting.length > piece.length;
    },
  };
}

/** Charges of one identity in a transaction. */
interface Pending {
  readonly one: Kept;
  /** As it stood before them. */
  readonly before: Counter;
  readonly charges: Charge[];
  own: Counter;
}

function beginCharging(
  writer: string,
  kept: Map<IdentityId, Kept>,
  { monotonic }: Pick<Clock, 'monotonic'>,
): Charging {
  const pending = new Map<IdentityId, Pending>();
  let rows: readonly OwnRow[] = [];
  const isOld = (at: number): boolean => at + COUNTERS_EVERY_MS <= monotonic();
  return {
    charge({ identityId, charge, limits }) {
      const one = kept.get(identityId);
      if (one === undefined || isOld(one.lookedAt)) return undefined;
      const its = pending.get(identityId) ?? { one, before: one.own, charges: [], own: one.own };
      const judged = chargeLimits(addedCounters(its.own, one.others, charge.at), charge, limits);
      if (judged.type === 'limited') return judged;
      its.own = counted(its.own, charge);
      its.charges.push(charge);
      pending.set(identityId, its);
      return { type: 'charged', ...nearOf(judged) };
    },
    statement() {
      rows = [...pending]
        .filter(([, { one }]) => isOld(one.writtenAt))
        .map(([identityId, { one, own, charges }]) => ({
          ...{ identityId, one, own, charges: one.charges + charges.length },
        }));
      return rows.length === 0 ? undefined : writeOf(writer, rows);
    },
    committed() {
      for (const [identityId, { one, before, own, charges }] of pending) {
        // It may have been forgotten meanwhile, and read again.
        const now = kept.get(identityId) ?? one;
        kept.set(identityId, now);
        // Another connection may have charged it meanwhile.
        now.own = now.own === before ? own : charges.reduce(counted, now.own);
        now.charges += charges.length;
      }
      for (const row of rows) wrote(row, monotonic());
    },
  };
}

function counted(before: Counter, charge: Charge): Counter {
  const outcome = chargeLimits(before, charge, {});
  return outcome.type === 'charged' ? outcome.counter : before;
}

interface OwnRow {
  readonly identityId: IdentityId;
  readonly one: Kept;
  readonly own: Counter;
  readonly charges: number;
}

function rowOf(identityId: IdentityId, one: Kept): OwnRow {
  return { identityId, one, own: one.own, charges: one.charges };
}

function wrote({ one, charges }: OwnRow, at: number): void {
  one.written = Math.max(one.written, charges);
  one.writtenAt = at;
}

/** Of two writes that pass each other the one that knows of more charges stays. */
const WRITE = `INSERT INTO counter (identity_id, writer, charges, value)
  SELECT c.identity_id, $1, c.charges, c.value FROM unnest($2::text[], $3::bigint[], $4::bytea[]) AS c (identity_id, charges, value)
  ON CONFLICT (identity_id, writer) DO UPDATE SET charges = excluded.charges, value = excluded.value WHERE counter.charges < excluded.charges`;

/** In the order of their key. */
function writeOf(writer: string, rows: readonly OwnRow[]): Statement {
  const ordered = rows.toSorted((one, other) => (one.identityId < other.identityId ? -1 : 1));
  return {
    sql: WRITE,
    values: [
      writer,
      ordered.map(({ identityId }) => identityId),
      ordered.map(({ charges }) => charges),
      ordered.map(({ own }) => packedCounter(own)),
    ],
  };
}

const LOOK = 'SELECT identity_id, writer, charges, value FROM counter WHERE identity_id = ANY ($1::text[])';

/** What its writer has written since stays. */
const DELETE_OVER = `WITH over AS MATERIALIZED (
    SELECT c.* FROM unnest($1::text[], $2::text[], $3::bigint[]) AS o (identity_id, writer, charges), LATERAL (
      SELECT c.identity_id, c.writer FROM counter c
        WHERE c.identity_id = o.identity_id AND c.writer = o.writer AND c.charges = o.charges FOR UPDATE SKIP LOCKED
    ) AS c
  )
  DELETE FROM counter c USING over WHERE c.identity_id = over.identity_id AND c.writer = over.writer`;

interface Looked extends Pick<Kept, 'own' | 'charges' | 'others'> {
  readonly identityId: IdentityId;
}

/**
 * The rows of identities: of each the own one, and the sum of the others. Those of earlier lives that count no more go. `times`: of what is charged to each,
 * milliseconds since the epoch.
 */
async function looked(
  { sql, now }: Look,
  writer: string,
  times: ReadonlyMap<IdentityId, number>,
): Promise<readonly Looked[]> {
  const rows = (await sql.all(LOOK, [...times.keys()])).map((row) => ({
    identityId: text(row, 'identity_id'),
    writer: text(row, 'writer'),
    charges: number(row, 'charges'),
    counter: unpackedCounter(bytes(row, 'value')),
  }));
  const over = rows.filter((row) => row.writer !== writer && isOver(row.counter, now));
  if (over.length > 0)
    await sql.run(
      DELETE_OVER,
      over.map(({ identityId }) => identityId),
      over.map((row) => row.writer),
      over.map(({ charges }) => charges),
    );
  const byIdentity = Map.groupBy(rows, ({ identityId }) => identityId);
  return [...times].map(([identityId, at]) => {
    const its = byIdentity.get(identityId) ?? [];
    const own = its.find((row) => row.writer === writer);
    const others = its.filter((row) => row !== own);
    return {
      ...{ identityId, own: own?.counter ?? emptyCounter, charges: own?.charges ?? 0 },
      others: others.reduce((sum, { counter }) => addedCounters(sum, counter, at), emptyCounter),
    };
  });
}
