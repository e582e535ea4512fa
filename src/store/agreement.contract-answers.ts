// What engines answer: outcomes and everything that can be looked up, without what each of them may have otherwise.

import assert from 'node:assert/strict';
import { verifyTrail } from '../audit/verify.ts';
import type { TrailEvent } from '../record/events.ts';
import { addresses, dayAgo, identities } from './agreement.contract-deeds.ts';
import type { Cursor, Lookups } from './lookups.ts';
import type { Change, Outcome, Store } from './port.ts';
import { START } from './store.contract-fixtures.ts';

/** Each engine has its own words for why a change failed. */
export async function outcomesOf(store: Store, changes: readonly Change[]): Promise<readonly Outcome[]> {
  const outcomes = await store.commit(changes);
  return outcomes.map((outcome) => (outcome.type === 'failed' ? { ...outcome, cause: '' } : outcome));
}

export async function queueOf(lookups: Lookups): Promise<unknown> {
  return [
    await lookups.queue({}, { max: 100 }),
    await lookups.queueTotals(),
    await lookups.queueByIdentity({ max: 100 }),
  ];
}

export type Everything = Awaited<ReturnType<typeof everythingOf>>;

export async function everythingOf(lookups: Lookups) {
  const events = await lookups.events({ max: 1000 });
  const ids = [...new Set(events.flatMap(({ messageId }) => messageId ?? []))].toSorted();
  const terms = [
    ...addresses.map((address) => ({ kind: 'address', address }) as const),
    ...identities.map((login) => ({ kind: 'identity', identityId: `id-${login}` }) as const),
    ...ids.map((id) => ({ kind: 'id', id }) as const),
    { kind: 'label', label: 'label3' } as const,
  ];
  const { broken, forgotten } = await verifyTrail(lookups);
  assert.equal(broken, undefined, JSON.stringify(broken));
  return {
    queue: await queueOf(lookups),
    events,
    forgotten,
    found: await Promise.all(terms.map((term) => lookups.findMessages(term, { max: 5 }))),
    named: await Promise.all(terms.map((term) => lookups.findEvents([term], { max: 5 }))),
    told: await Promise.all(ids.map((id) => lookups.eventsOfMessage(id, 20))),
    identities: await lookups.identities({ max: 10 }),
    owners: await Promise.all([...addresses, ...identities].map((name) => lookups.identityByAddress(name))),
    credentials: await Promise.all(['k0', 'k1', 'k7'].map((id) => lookups.identityByCredential(id))),
    uses: await Promise.all(identities.map((login) => lookups.credentialUses(`id-${login}`))),
    keys: await Promise.all(
      [0, 1, 2, 3].map((days) => lookups.sharedKey({ purpose: 'label', period: dayAgo(START, days) })),
    ),
  };
}

/** Of the newest message that a queue command means. */
export function withoutNumbers(outcome: Outcome): Outcome {
  return outcome.type === 'changed' && outcome.next !== undefined
    ? { ...outcome, next: { ...outcome.next, until: 0 } }
    : outcome;
}

/** Other engines have other places, and a chain for each lane of each life: what an event is stays, and what comes before what. */
export function withoutPlaces(all: Everything): unknown {
  const event = ({
    chain: _c,
    sequence: _s,
    cursor: _w,
    ...rest
  }: TrailEvent & { readonly cursor?: Cursor }) => JSON.stringify(rest);
  return {
    ...all,
    events: all.events.map(event).toSorted(),
    found: all.found.map(({ ids, next }) => [ids, next !== undefined]),
    named: all.named.map(({ events, next }) => [events.map(event), next !== undefined]),
    told: all.told.map((events) => events.map(event)),
  };
}

export function inWords(outcome: Outcome): string {
  const { type } = outcome;
  if (type === 'claimed') return outcome.deliveries.length > 0 ? 'claimed some' : 'claimed none';
  if (type === 'limited') return outcome.hard ? 'limited hard' : 'limited soft';
  if (type === 'settled') return outcome.messageDone ? 'settled all' : 'settled some';
  const count = 'count' in outcome ? (outcome.count > 0 ? ' some' : ' none') : '';
  const more = (type === 'purged' && outcome.more) || (type === 'changed' && outcome.next !== undefined);
  return `${type}${count}${more ? ', more' : ''}`;
}
