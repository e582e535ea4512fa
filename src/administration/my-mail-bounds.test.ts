// What a person's own mail may cost: rows of an answer, events that are looked at for it, octets that are told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import type { EventDraft } from '../record/events.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';
import type { Actor } from './actor.ts';
import { administrationOf } from './use-cases.ts';

const LOGIN = 'alice@example.org';
/** As long as a reply is kept. */
const REPLY = `550 ${'x'.repeat(996)}`;
const idOf = (at: number): string => `01ARZ3NDEKTSV4RRFFQ69G${String(at).padStart(4, '0')}`;

async function begin({ messages = 1, recipients = 1 } = {}) {
  const office = openOffice();
  const { id: identityId } = await office.addAccount({ login: LOGIN, mailbox: true, allowReserved: false });
  const { store, lookups } = office.ports;
  const to = Array.from({ length: recipients }, (_, at) => `r${at}@example.net`);
  for (let at = 0; at < messages; at += 1)
    await store.commit([acceptOf(idOf(at), office.clock.now(), { from: LOGIN, identityId, to })]);
  const asked: { readonly of: string; readonly max: number }[] = [];
  const watched: typeof lookups = {
    ...lookups,
    eventsOfMessage(id, max) {
      asked.push({ of: 'events', max });
      return lookups.eventsOfMessage(id, max);
    },
    eventsOfMessages(ids, max) {
      asked.push({ of: `events of ${ids.length}`, max });
      return lookups.eventsOfMessages(ids, max);
    },
    queueOfMessages(ids, max) {
      asked.push({ of: 'queue', max });
      return lookups.queueOfMessages(ids, max);
    },
  };
  const actor: Actor = { who: LOGIN, through: 'console', role: 'user', identityId };
  return {
    ...{ asked, me: administrationOf({ ...office.ports, lookups: watched }, actor) },
    /** An attempt for a recipient of a message. */
    record: async (
      events: readonly { readonly message: number; readonly to: number; readonly attempt: number }[],
    ) =>
      store.commit([
        {
          type: 'record',
          events: events.map(({ message, to: recipientNumber, attempt }): EventDraft => ({
            ...{ type: 'deferred', time: office.clock.now(), messageId: idOf(message), identityId },
            payload: {
              ...{ recipient: `r${recipientNumber}@example.net`, recipientNumber, attempt },
              ...{ status: '4.0.0', diagnostic: REPLY, remote: 'smtp mta:25' },
            },
          })),
        },
      ]),
  };
}

test('a page has a hundred messages at most, however many are asked for, and the next one the rest', async () => {
  const { me } = await begin({ messages: 101 });
  const { messages, next } = await me.myMail({ max: 1_000_000 });
  assert.equal(messages.length, 100);
  const rest = await me.myMail({ max: 1_000_000, ...(next === undefined ? {} : { after: next }) });
  assert.deepEqual([rest.messages.length, rest.next], [1, undefined]);
});

test('of a message that is tried again and again two hundred steps are told, and how many more there are', async () => {
  const { me, record } = await begin();
  await record(Array.from({ length: 250 }, (_, at) => ({ message: 0, to: 0, attempt: at + 1 })));
  const { steps, left } = await me.myMessage({ id: idOf(0) });
  assert.deepEqual([steps.length, left, steps[0]?.type], [200, 51, 'accepted']);
});

test('no more is looked at than is of use: 500 events of a message in a list, 10,000 of one by itself', async () => {
  const { me, asked, record } = await begin();
  // More than a message has that is asked for together with others.
  await record(Array.from({ length: 150 }, (_, at) => ({ message: 0, to: 0, attempt: at + 1 })));
  await me.myMail({ max: 10 });
  await me.myMessage({ id: idOf(0) });
  assert.deepEqual(
    asked.map(({ of, max }) => `${of}: ${max}`),
    [
      ...['events of 1: 100', 'events: 500', 'queue: 500'],
      ...['events of 1: 100', 'events: 10000', 'queue: 10000'],
    ],
  );
  assert.ok(asked.every(({ max }) => max <= 10_000));
});

test('a list of many messages of many recipients looks at 25 recipients of each, and tells of no other that it waits', async () => {
  const { me, asked, record } = await begin({ messages: 100, recipients: 60 });
  await record(Array.from({ length: 30 }, (_, at) => ({ message: 0, to: 59, attempt: at + 1 })));
  const { messages } = await me.myMail({ max: 100 });
  assert.equal(messages.length, 100);
  assert.ok(messages.every(({ recipients, fates }) => recipients === 60 && fates.length === 5));
  // Of each one that is told to wait, the queue was read.
  assert.ok(messages.every(({ fates }) => fates.every(({ dueAt }) => dueAt !== undefined)));
  assert.deepEqual(
    asked.map(({ of, max }) => `${of}: ${max}`),
    ['events of 50: 25', 'events of 50: 25', 'queue: 25'],
  );
});

test('the fullest page is less than a megabyte, whatever other servers say', async () => {
  const { me, record } = await begin({ messages: 100, recipients: 20 });
  for (let message = 0; message < 100; message += 1)
    await record(Array.from({ length: 20 }, (_, to) => ({ message, to, attempt: 1 })));
  const { messages } = await me.myMail({ max: 100 });
  assert.equal(messages.length, 100);
  assert.ok(messages.every(({ fates }) => fates.some(({ said }) => said === REPLY)));
  const octets = Buffer.byteLength(JSON.stringify(messages));
  assert.ok(octets < 1_000_000, String(octets));
});
