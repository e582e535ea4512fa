// A person's own mail: what became of it, in no more than what is for him to know.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith, openOffice, ROOT } from '../../test/fakes/administration.ts';
import type { EventDraft, EventPayloads } from '../record/events.ts';
import { acceptOf, HOUR, MINUTE } from '../store/store.contract-fixtures.ts';
import type { Actor } from './actor.ts';
import { administrationOf } from './use-cases.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const OTHER = '01ARZ3NDEKTSV4RRFFQ69G5FAW';
const BOB = 'bob@example.net';

async function begin({ to = [BOB], extra = [] as readonly string[] } = {}) {
  const office = openOffice({ extra });
  const { id: identityId } = await office.addAccount({
    ...{ login: 'alice@example.org', mailbox: true, allowReserved: false },
  });
  const carol = await office.addAccount({
    ...{ login: 'carol@example.org', mailbox: true, allowReserved: false },
  });
  const { store } = office.ports;
  const now = office.clock.now();
  await store.commit([acceptOf(ID, now, { from: 'alice@example.org', identityId, to })]);
  await store.commit([acceptOf(OTHER, now, { from: 'carol@example.org', identityId: carol.id, to: [BOB] })]);
  const actor: Actor = { who: 'alice@example.org', through: 'console', role: 'user', identityId };
  const record = async (...events: readonly EventDraft[]): Promise<void> =>
    void (await store.commit([{ type: 'record', events }]));
  /** Of the first recipient. */
  const fate = (type: 'deferred' | 'failed' | 'delivered', payload: Partial<EventPayloads['failed']>) =>
    record({
      ...{ type, time: office.clock.now(), messageId: ID, identityId },
      payload: {
        recipient: BOB,
        recipientNumber: 0,
        attempt: 1,
        status: '4.0.0',
        diagnostic: '',
        ...payload,
      },
    });
  return { ...office, actor, me: administrationOf(office.ports, actor), record, fate, identityId };
}

const HOP = 'smtp mta.internal:25 [10.0.0.7]';

test('mail of oneself alone is listed, the newest first, a page at a time', async () => {
  const { me, ports, clock, identityId } = await begin();
  clock.advance(MINUTE);
  const later = '01ARZ3NDEKTSV4RRFFQ69G5FAX';
  const said = { from: 'alice@example.org', identityId, to: ['dan@far.example'] };
  await ports.store.commit([acceptOf(later, clock.now(), said)]);
  const first = await me.myMail({ max: 1 });
  assert.deepEqual(
    first.messages.map(({ id }) => id),
    [later],
  );
  assert.ok(first.next !== undefined);
  const second = await me.myMail({ max: 1, after: first.next });
  assert.deepEqual(
    second.messages.map(({ id }) => id),
    [ID],
  );
  assert.equal(second.next, undefined);
});

test('it is found by a part of the address of a recipient', async () => {
  const { me } = await begin({ to: [BOB, 'dan@far.example'] });
  for (const [to, found] of [
    ['DAN', [ID]],
    ['far.example', [ID]],
    ['nobody', []],
  ] as const) {
    const { messages } = await me.myMail({ to, max: 10 });
    assert.deepEqual(
      messages.map(({ id }) => id),
      found,
      to,
    );
  }
});

test('a message of somebody else is as if it were none, and an admin sees no other here either', async () => {
  const { me, actor, ports } = await begin();
  const nowhere = '01ARZ3NDEKTSV4RRFFQ69G5FAZ';
  for (const id of [OTHER, nowhere])
    await assert.rejects(me.myMessage({ id }), failsWith('negative', new RegExp(`sent no message ${id}`)));
  const admin = administrationOf(ports, { ...actor, role: 'admin' });
  await assert.rejects(admin.myMessage({ id: OTHER }), failsWith('negative', /sent no message/));
  const { messages } = await admin.myMail({ max: 10 });
  assert.deepEqual(
    messages.map(({ id }) => id),
    [ID],
  );
});

test('the reply of the other server is told, and nothing of our own hops, hosts and files', async () => {
  const { me, fate } = await begin();
  await fate('failed', { remote: HOP, status: '5.1.1', diagnostic: '550 5.1.1 no such user' });
  const { message, steps } = await me.myMessage({ id: ID });
  const [bob] = message.fates;
  assert.deepEqual([bob?.fate, bob?.status, bob?.said], ['failed', '5.1.1', '550 5.1.1 no such user']);
  assert.equal(steps.at(-1)?.said, '550 5.1.1 no such user');
  assert.doesNotMatch(JSON.stringify([message, steps]), /internal|10\.0\.0/);
  for (const { remote, diagnostic } of [
    { remote: HOP, diagnostic: `${HOP}: connect ECONNREFUSED 10.0.0.7:25` },
    { remote: 'files /var/spool/outbox', diagnostic: 'ENOSPC /var/spool/outbox' },
  ]) {
    const at = await begin();
    await at.fate('deferred', { remote, diagnostic, node: 'node-1' });
    const { message: waiting, steps: soFar } = await at.me.myMessage({ id: ID });
    assert.deepEqual([waiting.fates[0]?.said, soFar.at(-1)?.said], [undefined, undefined]);
    const told = JSON.stringify([waiting, soFar]);
    assert.doesNotMatch(told, /internal|10\.0\.0|spool|node-1/);
  }
});

test('what waits says when it is tried next; what is held says by which kind of thing, and never by whom or why', async () => {
  const { me, changeQueue, ports, record, clock, suspendAccount, actor } = await begin();
  const waiting = await me.myMail({ max: 1 });
  assert.deepEqual(waiting.messages[0]?.fates[0]?.heldBy, []);
  assert.equal(waiting.messages[0]?.fates[0]?.dueAt, clock.now());
  await changeQueue({ part: { id: ID }, action: 'hold' });
  await record({
    ...{ type: 'held', time: clock.now(), messageId: ID },
    payload: { by: 'mallet (command line)', action: 'hold', detail: { because: 'secret suspicion' } },
  });
  const { message, steps } = await me.myMessage({ id: ID });
  assert.deepEqual(message.fates[0]?.heldBy, ['operator']);
  assert.deepEqual(
    steps.map(({ type }) => type),
    ['accepted', 'held', 'held'],
  );
  assert.doesNotMatch(JSON.stringify([message, steps]), /root|mallet|suspicion|4711/);
  const traced = await me.traceWords({ words: ID, range: { max: 1 } });
  assert.match(JSON.stringify(traced), /"by":"an operator"/);
  assert.doesNotMatch(JSON.stringify(traced), /root|mallet|suspicion|4711/);
  await suspendAccount({ login: 'alice@example.org' });
  const held = await administrationOf(ports, actor).myMessage({ id: ID });
  assert.ok(held.message.fates[0]?.heldBy.includes('identity'));
});

test('a message to many is told in part, what went wrong first', async () => {
  const to = Array.from({ length: 300 }, (_, at) => `r${at}@example.net`);
  const { me, record, clock, identityId } = await begin({ to });
  const payload = { recipient: 'r299@example.net', recipientNumber: 299, attempt: 1 };
  await record({
    ...{ type: 'failed', time: clock.now() + HOUR, messageId: ID, identityId },
    payload: { ...payload, status: '5.1.1', diagnostic: '550 no', remote: HOP },
  });
  const { messages } = await me.myMail({ max: 1 });
  assert.equal(messages[0]?.recipients, 300);
  assert.deepEqual(
    messages[0].fates.map(({ recipient }) => recipient),
    ['r299', 'r0', 'r1', 'r2', 'r3'].map((name) => `${name}@example.net`),
  );
  const { message } = await me.myMessage({ id: ID });
  assert.equal(message.fates.length, 200);
});

test('of a message to more than a list looks through, nobody waits who was delivered to', async () => {
  const to = Array.from({ length: 600 }, (_, at) => `r${at}@example.net`);
  const { me, record, clock, identityId, ports } = await begin({ to });
  const facts = { status: '2.0.0', diagnostic: '250 ok', remote: HOP, attempt: 1 };
  await record(
    ...to.map((recipient, recipientNumber): EventDraft => {
      const payload = { recipient, recipientNumber, ...facts };
      return { type: 'delivered', time: clock.now(), messageId: ID, identityId, payload };
    }),
  );
  const selector = { messageId: ID };
  await ports.store.commit([{ type: 'queue', action: 'drop', selector, now: clock.now(), by: 'root' }]);
  const { messages } = await me.myMail({ max: 1 });
  assert.equal(messages[0]?.recipients, 600);
  assert.deepEqual([...new Set(messages[0].fates.map(({ fate }) => fate))], ['delivered']);
});

test('a look at oneself leaves no record, and needs no reason where one is asked for', async () => {
  const { me, trail } = await begin({ extra: ['audit: { requireReason: true }'] });
  await me.myMail({ max: 10 });
  await me.myMessage({ id: ID.toLowerCase() });
  assert.ok((await trail()).every(({ type }) => type !== 'lookedUp'));
});

test('who came in as no account has no mail of his own', async () => {
  const { ports } = await begin();
  const link = administrationOf(ports, { ...ROOT, through: 'console' });
  await assert.rejects(link.myMail({ max: 1 }), failsWith('negative', /an account of his own/));
});
