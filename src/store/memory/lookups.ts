// Reading the store in memory.

import { leasedBy } from '../owner.ts';
import { emptyCounter } from '../../policy/limits.ts';
import type { Identity } from '../../record/identity.ts';
import {
  type Lookups,
  type QueueEntry,
  type QueueOfIdentity,
  type QueueTotals,
  SHARED_MAX,
} from '../lookups.ts';
import { compareListed, isOfPage } from '../identity-page.ts';
import { keptId } from '../kept-id.ts';
import type { Bodies } from './bodies.ts';
import { consoleSessionLookups } from './console-sessions.ts';
import { deliveryOf } from './queue.ts';
import { heldBy, isHeld, matches, type QueueRow, queueRows } from './selector.ts';
import { compareBytes, findMessage } from './state.ts';
import type { Tables } from './tables.ts';
import { trailLookups } from './trail-lookups.ts';

const DOMAINS_MAX = 50;

export function createMemoryLookups(tables: Tables, bodies: Bodies): Omit<Lookups, 'nodes'> {
  return {
    ...identityLookups(tables),
    ...queueLookups(tables, bodies),
    ...trailLookups(tables),
    ...consoleSessionLookups(tables),
  };
}

type IdentityLookups = Pick<
  Lookups,
  | 'identityByLogin'
  | 'identityById'
  | 'identityByAddress'
  | 'identitiesByAddress'
  | 'identityByCredential'
  | 'identities'
  | 'credentialUses'
  | 'counter'
>;

function identityLookups({ identities, names, appPasswords, uses, counters }: Tables): IdentityLookups {
  const named = (name: string): readonly Identity[] =>
    (names.get(name) ?? [])
      .flatMap((id) => identities.get(id) ?? [])
      .toSorted((one, other) => rankOf(one, name) - rankOf(other, name) || compareBytes(one.id, other.id));
  return {
    identityByLogin: async (login) => named(login).find((identity) => identity.login === login),
    identityById: async (id) => identities.get(id),
    identityByAddress: async (address) => named(address)[0],
    identitiesByAddress: async (address) => named(address).slice(0, SHARED_MAX),
    identityByCredential: async (id) => identities.get(appPasswords.get(id) ?? ''),
    async identities(page) {
      const { after, max } = page;
      const last = after === undefined ? undefined : named(after).find(({ login }) => login === after);
      const place = after === undefined ? undefined : { login: after, state: last?.state ?? 'active' };
      return identities
        .values()
        .filter((one) => isOfPage(one, page) && (place === undefined || compareListed(one, place) > 0))
        .toSorted(compareListed)
        .slice(0, max);
    },
    credentialUses: async (id) => uses.get(id) ?? [],
    counter: async (id) => counters.get(id) ?? emptyCounter,
  };
}

/** Whose login it is, then those that live, then tombstones. */
function rankOf({ login, state }: Identity, name: string): number {
  return login === name ? 0 : state === 'removed' ? 2 : 1;
}

type QueueLookups = Pick<
  Lookups,
  'message' | 'content' | 'queue' | 'queueOfMessages' | 'queueCount' | 'queueTotals' | 'queueByIdentity'
>;

function queueLookups(tables: Tables, bodies: Bodies): QueueLookups {
  return {
    message: async (id) => findMessage(tables, id)?.message,
    async content(id) {
      const row = findMessage(tables, id);
      if (row === undefined) return undefined;
      const { content } = row;
      return content.kind === 'inline'
        ? pieces(content.bytes)
        : pieces(content.header, bodies.read(row.message.id));
    },
    async queue(selector, { after, max }) {
      const afterId = after === undefined ? '' : keptId(after.messageId);
      if (afterId === undefined) return [];
      const isAfter = ({ id, recipient }: QueueRow): boolean =>
        id > afterId || (id === afterId && recipient.number > (after?.recipientNumber ?? -1));
      return queueRows(tables)
        .filter((row) => matches(tables, row, selector) && isAfter(row))
        .toSorted((one, other) => compareBytes(one.id, other.id))
        .slice(0, max)
        .map((row) => entryOf(tables, row));
    },
    queueOfMessages: async (ids, max) =>
      ids
        .toSorted(compareBytes)
        .flatMap((id) =>
          queueRows(tables)
            .filter((row) => row.id === id)
            .slice(0, max),
        )
        .map((row) => entryOf(tables, row)),
    queueCount: async (selector, max = Infinity) =>
      Math.min(queueRows(tables).filter((row) => matches(tables, row, selector)).length, max),
    queueTotals: async () => totals(tables),
    queueByIdentity: async ({ max, domains }) =>
      byIdentity(tables)
        .filter(
          ({ login }) => domains === undefined || domains.some((domain) => login?.endsWith(`@${domain}`)),
        )
        .slice(0, max),
  };
}

async function* pieces(first: Uint8Array, rest?: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(first);
  if (rest !== undefined) yield* rest;
}

function entryOf(tables: Tables, one: QueueRow): QueueEntry {
  const { id, row, recipient } = one;
  return {
    message: row.message,
    delivery: deliveryOf(id, recipient),
    dueAt: recipient.dueAt,
    heldBy: heldBy(tables, one),
    ...leasedBy(recipient.owner),
  };
}

function byIdentity(tables: Tables): readonly QueueOfIdentity[] {
  const rows = Map.groupBy(queueRows(tables), ({ row }) => row.message.identityId);
  return [...rows]
    .flatMap(([identityId, some]) => {
      if (identityId === undefined) return [];
      const login = tables.identities.get(identityId)?.login;
      const oldestAcceptedAt = Math.min(...some.map(({ row }) => row.message.acceptedAt));
      return [
        {
          ...{ identityId, deliveries: some.length, oldestAcceptedAt },
          ...(login === undefined ? {} : { login }),
        },
      ];
    })
    .toSorted(
      (one, other) => other.deliveries - one.deliveries || compareBytes(one.identityId, other.identityId),
    );
}

function totals(tables: Tables): QueueTotals {
  const rows = queueRows(tables);
  const domains = Map.groupBy(rows, ({ recipient }) => recipient.domain);
  const unreported = [...tables.messages.values()].filter(({ recipients }) => recipients.length === 0).length;
  const oldest = Math.min(...tables.messages.values().map(({ message }) => message.acceptedAt));
  return {
    messages: tables.messages.size,
    deliveries: rows.length,
    held: rows.filter((row) => isHeld(tables, row)).length,
    ...(unreported === 0 ? {} : { unreported }),
    ...(tables.messages.size === 0 ? {} : { oldestAcceptedAt: oldest }),
    byDomain: [...domains]
      .map(([domain, { length }]) => ({ domain, deliveries: length }))
      .toSorted((one, other) => other.deliveries - one.deliveries || compareBytes(one.domain, other.domain))
      .slice(0, DOMAINS_MAX),
  };
}
