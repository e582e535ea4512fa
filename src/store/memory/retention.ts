// Forgetting in memory: purge by age and erasure of a person null payload and salt, the links stay, the chain still verifies.

import { addressTerm, identityTerm } from '../../record/terms.ts';
import {
  type EraseChange,
  erasedEvent,
  isKeyOver,
  keysBefore,
  type PurgeChange,
  purgedEvent,
  sweepSlice,
} from '../forgetting.ts';
import type { OutcomeOf } from '../port.ts';
import type { SharedKeyChange, SharedKeyName } from '../shared-key.ts';
import { forgetSessions } from './console-sessions.ts';
import { eventsAfter, eventsNaming } from './events.ts';
import { forgetNames } from './identities.ts';
import { findMessage, type State } from './state.ts';
import type { IdentityId } from '../../record/identity.ts';
import type { EventRow, Tables } from './tables.ts';

export function sharedKey({ tables }: State, change: SharedKeyChange): OutcomeOf<SharedKeyChange> {
  const { purpose, period, proposedKey } = change;
  const key = tables.sharedKeys.get(keyName(change))?.key ?? proposedKey;
  tables.sharedKeys.set(keyName(change), { purpose, period, key });
  return { type: 'key', key: new Uint8Array(key) };
}

export function keyName({ purpose, period }: SharedKeyName): string {
  return JSON.stringify([purpose, period]);
}

/** One slice of a sweep through the trail. */
export function purge(state: State, change: PurgeChange): OutcomeOf<PurgeChange> {
  const { tables } = state;
  const marks = tables.marks.get('purge') ?? { through: 0, kept: 0 };
  const rows = eventsAfter(tables, marks.through, change.max).map((event) => ({
    ...{ event, place: event.sequence, time: event.time },
    isGone: event.payload === undefined || event.type === 'purged',
  }));
  const slice = sweepSlice(rows, marks, change, ({ event }) => isQueued(tables, event));
  for (const { event } of slice.forget) forget(tables, event);
  tables.marks.set('purge', slice.marks);

  const before = keysBefore(change);
  const keys = tables.sharedKeys.values().filter((key) => isKeyOver(key, before));
  for (const key of keys) tables.sharedKeys.delete(keyName(key));
  forgetSessions(tables, change.now);
  const tombstones = dropTombstones(tables, change.eventsBefore);
  const count = slice.forget.length;
  const event = purgedEvent(change, { events: count, tombstones, sharedKeys: keys.length });
  if (event !== undefined) state.append(event);
  return { type: 'purged', count, more: slice.more };
}

function isQueued(tables: Tables, { messageId }: EventRow): boolean {
  return messageId !== undefined && findMessage(tables, messageId) !== undefined;
}

function forget({ events }: Tables, event: EventRow): void {
  events.set(event.sequence, { ...event, payload: undefined, place: undefined });
}

function dropTombstones(tables: Tables, before: number): number {
  const gone = tables.identities
    .values()
    .filter(({ state, removedAt }) => state === 'removed' && removedAt !== undefined && removedAt < before)
    .filter(({ id }) => !hasQueue(tables, id));
  for (const identity of gone) {
    forgetNames(tables, identity);
    tables.uses.delete(identity.id);
    tables.counters.delete(identity.id);
    tables.identities.delete(identity.id);
    tables.mayNotSend.delete(identity.id);
  }
  return gone.length;
}

/** Without its tombstone nothing would say that its mail is held. */
function hasQueue({ messages }: Tables, identityId: IdentityId): boolean {
  return messages
    .values()
    .some(({ message, recipients }) => message.identityId === identityId && recipients.length > 0);
}

/** Events that belong to the identity or name an address; those of messages still queued are kept and counted. */
export function erase(state: State, change: EraseChange): OutcomeOf<EraseChange> {
  const { tables } = state;
  let count = 0;
  let kept = 0;
  for (const event of eventsOfSubject(tables, change)) {
    if (event.payload === undefined) continue;
    if (event.time >= change.before || isQueued(tables, event)) kept += 1;
    else {
      forget(tables, event);
      count += 1;
    }
  }
  state.append(erasedEvent(change, { count, kept }));
  return { type: 'erased', count, kept };
}

/** With the fates of the same messages: they name the recipients too. */
function eventsOfSubject(tables: Tables, { identityId, addresses }: EraseChange): readonly EventRow[] {
  const all = eventsAfter(tables, 0, Infinity);
  const terms = addresses.map((address) => addressTerm(address));
  const ofIdentity = identityId === undefined ? [] : [identityTerm(identityId)];
  const own = eventsNaming(tables, ...terms, ...ofIdentity);
  const sequences = new Set(own.map(({ sequence }) => sequence));
  const messages = new Set(own.map(({ messageId }) => messageId));
  messages.delete(undefined);
  return all.filter(({ sequence, messageId }) => sequences.has(sequence) || messages.has(messageId));
}
