// What `postern store status`, `advise` and `roles` print for people.

import { numberOf } from '../base/number-of.ts';
import { safe } from '../base/safe-text.ts';
import { sizeInWords } from '../base/size.ts';
import type { Advice, StoreOperations, StoreStatus } from '../store/operations.ts';
import { strong } from './output.ts';

const TABLES_MAX = 8;

/** `status`: of the embedded store its size alone. */
export function statusText(place: string, status: StoreStatus | { readonly octets: number }): string {
  if (typeof status.octets === 'number')
    return lines([`store: ${place}`, `size: ${sizeInWords(status.octets)}`]);
  const { server, schema, tables, octets, nodes, oldestSnapshot, standbys, missing } = status as StoreStatus;
  const { totalsOff } = status as StoreStatus;
  return lines([
    `store: ${place}`,
    `server: ${server}`,
    `schema: ${schema.version} (this Postern knows ${schema.known}, the oldest that may use it ${schema.oldestCode}), owner ${schema.owner}${schema.madeBy === undefined ? '' : `, by Postern ${schema.madeBy}`}`,
    `size: database ${sizeInWords(octets.database)}, trail ${sizeInWords(octets.trail)}, queue ${sizeInWords(octets.queue)}`,
    ...tables
      .slice(0, TABLES_MAX)
      .map(
        ({ name, octets: its, rows }) =>
          `  ${name.padEnd(16)} ${sizeInWords(its).padStart(10)}  some ${numberOf(rows, 'row')}`,
      ),
    ...nodes.map(nodeText),
    ...(nodes.length === 0 ? ['nodes: none'] : []),
    oldestSnapshot === undefined
      ? 'oldest snapshot of others: none'
      : `oldest snapshot of others: ${Math.round(oldestSnapshot.ageMs / 1000)} s, process ${oldestSnapshot.processId}${detail(oldestSnapshot)}`,
    ...(standbys === undefined
      ? ['standbys: not known to this user (GRANT pg_read_all_stats)']
      : standbys.length === 0
        ? ['standbys: none']
        : standbys.map(
            ({ name, state, sync, lagOctets }) =>
              `standby ${name}: ${state}, ${sync}, ${sizeInWords(lagOctets)} behind`,
          )),
    ...(totalsOff === undefined && schema.version > 0
      ? ['totals of the queue: not compared with it, that would take long']
      : []),
    ...missing.map((one) => `${strong('missing')}: ${one}`),
    ...(missing.length === 0 ? ['nothing is missing'] : []),
  ]);
}

function detail({ user, application, state }: NonNullable<StoreStatus['oldestSnapshot']>): string {
  const words = [user && `user ${user}`, application, state].filter((word) => word !== '');
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function nodeText({ node, state, version, leaseLeftMs }: StoreStatus['nodes'][number]): string {
  const seconds = Math.round(Math.abs(leaseLeftMs) / 1000);
  const lease = leaseLeftMs > 0 ? `its lease ends in ${seconds} s` : `its lease ended ${seconds} s ago`;
  return `node ${node}: ${state}, ${lease}${version === undefined ? '' : `, ${version}`}`;
}

/** What is to be done comes last, to be copied. */
export function adviceText(advice: readonly Advice[]): string {
  const sql = advice.flatMap((one) => one.sql ?? []);
  return lines([
    ...advice.flatMap(({ setting, is, wanted, good, because }) =>
      good ? [`${setting}: ${is}`] : [`${strong(setting)}: ${is}; wanted: ${wanted}`, `  ${because}`],
    ),
    ...(sql.length === 0 ? [] : ['', ...sql, 'SELECT pg_reload_conf();']),
  ]);
}

export function rolesText(roles: Awaited<ReturnType<StoreOperations['roles']>>): string {
  return [
    '-- Users have to be there first, each with a password of its own:',
    ...roles.map(({ user }) => `--   CREATE ROLE ${user} LOGIN PASSWORD '…';`),
    '-- Again after each `postern store migrate` that changed something.',
    ...roles.flatMap(({ role, sql }) => ['', `-- ${role}`, ...sql]),
  ].join('\n');
}

const lines = (all: readonly string[]): string => all.map(safe).join('\n');
