// Settings of PostgreSQL as they are, beside what a store of mail wants, with the reason. None of them is a matter of what is kept: those are looked at by each start.

import type { Advice } from '../operations.ts';
import { number, text } from '../row.ts';
import type { Connection } from './connection.ts';

/** Connections of a node, one more if it watches a standby, and one more of each front thread. */
export const CONNECTIONS_PER_NODE = 7;
/** For commands, `psql` and backups. */
const SPARE = 10;

interface Settings {
  value(name: string): string;
  /** In the unit of the row: octets, or milliseconds. */
  size(name: string): number;
  readonly hasLz4: boolean;
  readonly standbys: number;
}

export interface Needs {
  readonly nodes: number;
  readonly fronts: number;
  readonly isReplicated: boolean;
}

const MIB = 1024 * 1024;

const SETTINGS = `SELECT name, setting, unit, enumvals::text AS choices FROM pg_settings WHERE name IN
  ('max_wal_size', 'checkpoint_timeout', 'wal_compression', 'autovacuum', 'autovacuum_naptime', 'synchronous_standby_names', 'max_connections', 'superuser_reserved_connections')`;

const UNITS: Readonly<Record<string, number>> = {
  MB: MIB,
  kB: 1024,
  '8kB': 8192,
  s: 1000,
  min: 60_000,
  ms: 1,
};

export async function adviceOf(
  connection: Pick<Connection, 'query'>,
  needs: Needs,
): Promise<readonly Advice[]> {
  const { rows } = await connection.query(SETTINGS);
  const byName = new Map(rows.map((row) => [text(row, 'name'), row]));
  const { rows: senders } = await connection.query('SELECT count(*) AS count FROM pg_stat_get_wal_senders()');
  const rowOf = (name: string) => byName.get(name) ?? {};
  const settings: Settings = {
    value: (name) => text(rowOf(name), 'setting'),
    size: (name) => Number(text(rowOf(name), 'setting')) * (UNITS[String(rowOf(name)['unit'])] ?? 1),
    hasLz4: String(rowOf('wal_compression')['choices']).includes('lz4'),
    standbys: number(senders[0] ?? {}, 'count'),
  };
  return [wal, checkpoint, compression, autovacuum, naptime, standbys, connections].map((of) =>
    of(settings, needs),
  );
}

type Of = (settings: Settings, needs: Needs) => Advice;

function advice(
  setting: string,
  o: { is: string; wanted: string; good: boolean; because: string; to?: string },
): Advice {
  const { is, wanted, good, because, to } = o;
  const sql = good || to === undefined ? {} : { sql: `ALTER SYSTEM SET ${setting} = ${to};` };
  return { setting, is, wanted, good, because, ...sql };
}

const wal: Of = ({ size }) =>
  advice('max_wal_size', {
    ...{ is: `${Math.round(size('max_wal_size') / MIB)} MB`, wanted: '4096 MB or more', to: "'4GB'" },
    good: size('max_wal_size') >= 4096 * MIB,
    because:
      'WAL forces a checkpoint when it has grown so much, and after each one a page is written whole at its first change',
  });

const checkpoint: Of = ({ size }) =>
  advice('checkpoint_timeout', {
    ...{ is: `${size('checkpoint_timeout') / 60_000} min`, wanted: '15 min or more', to: "'15min'" },
    good: size('checkpoint_timeout') >= 15 * 60_000,
    because:
      'fewer checkpoints write fewer whole pages; a restart after a crash takes longer, some minutes at most',
  });

const compression: Of = ({ value, hasLz4 }) =>
  advice('wal_compression', {
    ...{ is: value('wal_compression'), wanted: hasLz4 ? 'lz4' : 'on', to: hasLz4 ? 'lz4' : 'on' },
    good: value('wal_compression') !== 'off',
    because:
      'whole pages are most of what the words of the trail cost in WAL, and standbys and archive get all of it',
  });

const autovacuum: Of = ({ value }) =>
  advice('autovacuum', {
    ...{ is: value('autovacuum'), wanted: 'on', to: 'on' },
    good: value('autovacuum') === 'on',
    because: 'each message is a row that comes and goes: without it the queue grows, and claims get slower',
  });

const naptime: Of = ({ size }) =>
  advice('autovacuum_naptime', {
    ...{ is: `${size('autovacuum_naptime') / 1000} s`, wanted: '10 s or less', to: "'10s'" },
    good: size('autovacuum_naptime') <= 10_000,
    because:
      'tables of the queue are cleared away in time: at 100 messages a second there are 6,000 dead rows a minute',
  });

const standbys: Of = ({ value, standbys: count }, { isReplicated }) => {
  const names = value('synchronous_standby_names');
  return advice('synchronous_standby_names', {
    is: `${names === '' ? 'nobody' : names}, ${count} connected`,
    wanted: isReplicated ? 'ANY 1 of two standbys or more' : 'nobody, or ANY 1 of two standbys or more',
    good: isReplicated ? names !== '' && count >= 2 : names === '' || count >= 2,
    because: isReplicated
      ? 'with `durability: replicated` nothing is accepted without a standby: with one alone that is each time it is away'
      : 'while it names a standby, each commit waits for one: with one alone nothing is accepted each time it is away',
    ...(isReplicated && names === '' ? { to: "'ANY 1 (db2, db3)'" } : {}),
  });
};

const connections: Of = ({ value }, { nodes, fronts, isReplicated }) => {
  const has = Number(value('max_connections')) - Number(value('superuser_reserved_connections'));
  const each = CONNECTIONS_PER_NODE + (isReplicated ? 1 : 0);
  const needs = nodes * (each + fronts) + SPARE;
  const wanted = needs + Number(value('superuser_reserved_connections'));
  return advice('max_connections', {
    ...{ is: value('max_connections'), wanted: `${wanted} or more`, to: String(wanted) },
    good: has >= needs,
    because: `${nodes} nodes with ${fronts} front threads take ${each} connections each and one more a front, ${SPARE} are for commands and backups, and the server keeps ${value('superuser_reserved_connections')}. It needs a restart`,
  });
};
